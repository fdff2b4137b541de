import Model

extension RenderedCall {
    /// The call of a step of the type `http`, which says itself what to call; throws a `user` failure where it is no
    /// valid call.
    package init(http inputs: [StepOutputs.Field]) throws(StepFailure) {
        var (method, url) = ("POST", "")
        var headers: [Header] = []
        var body: [UInt8]?
        for input in inputs {
            switch (input.name, input.value.plain) {
            case ("url", .string(let text)): url = text
            case ("method", .string(let text)): method = text.uppercased()
            case ("headers", .map(let fields)):
                for (name, value) in fields.sorted(by: { $0.key < $1.key }) {
                    guard case .string(let text) = value else {
                        throw StepFailure(.user, "with.headers: \(name) is not a string")
                    }
                    if let mistake = HTTPHeaderRule.mistake(inName: name) ?? HTTPHeaderRule.mistake(inValue: text) {
                        throw StepFailure(.user, "with.headers: \(name): \(mistake)")
                    }
                    headers.append(Header(name: name, value: SecretText([.text(text)])))
                }
            case ("body", _): body = input.value.json.serialized
            default: throw StepFailure(.user, "with.\(input.name) cannot be \(input.value.type)")
            }
        }
        guard HTTPAction.methods.contains(method) else {
            throw StepFailure(
                .user, "with.method: expected one of \(HTTPAction.methods.joined(separator: ", "))")
        }
        if let mistake = HTTPTarget.mistake(in: url) { throw StepFailure(.user, "with.url: \(mistake)") }
        if let body, body.count > HTTPAction.maximumBodyLength {
            throw StepFailure(
                .user, "with.body is \(body.count) bytes; at most \(HTTPAction.maximumBodyLength) are allowed")
        }
        if method == "GET" || method == "HEAD" { body = nil }
        self.init(
            method: method, url: url, headers: headers, body: body, timeout: HTTPAction.defaultTimeout, signing: nil)
    }
}
