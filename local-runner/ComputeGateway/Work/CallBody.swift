import Model

/// A call to a step, as it arrived. Throws a message that says what to send.
struct CallBody: Sendable {
    var inputs: StepInputs
    var callback: String

    init(_ bytes: [UInt8]) throws(GatewayError) {
        let json: JSON
        do {
            json = try JSON(document: bytes)
        } catch {
            throw .user("the body is not JSON: \(error)")
        }
        guard let inputs = json["inputs"], inputs.members != nil else {
            throw .user("the body has no inputs: send {\"inputs\": {…}, \"callback\": \"http://…\"}")
        }
        guard let callback = json["callback"]?.text, callback.hasPrefix("http://") || callback.hasPrefix("https://")
        else {
            throw .user(
                "the body has no callback: send \"callback\", an http:// or https:// URL that takes the reports")
        }
        self.inputs = StepInputs(inputs)
        self.callback = callback
    }
}
