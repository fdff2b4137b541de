import Model

/// The `inputs` of a call, read by name. An input that is null counts as absent. Every mistake is of class `user` and
/// names the input.
struct StepInputs: Sendable {
    private let json: JSON

    init(_ json: JSON) { self.json = json }

    subscript(_ name: String) -> JSON? {
        guard let value = json[name], value != .null else { return nil }
        return value
    }

    /// A file that the step cannot do without.
    func file(_ name: String) throws(GatewayError) -> InputFile {
        guard let file = try optionalFile(name) else {
            throw .user("inputs.\(name) is missing: send {\"uri\": \"file:///…\"}")
        }
        return file
    }

    func optionalFile(_ name: String) throws(GatewayError) -> InputFile? {
        guard let value = self[name] else { return nil }
        guard let uri = value["uri"]?.text else {
            throw .user("inputs.\(name) has no uri: send {\"uri\": \"file:///…\"}, found \(value.kind)")
        }
        let digest = value["digest"] ?? .null
        guard digest == .null || digest.text?.hasPrefix("sha256:") == true else {
            throw .user("inputs.\(name).digest: expected \"sha256:\" and the hexadecimal digest, or none")
        }
        return InputFile(name: "inputs.\(name)", uri: uri, digest: digest.text)
    }

    func integer(_ name: String, in range: ClosedRange<Int>, default standard: Int) throws(GatewayError) -> Int {
        guard let value = self[name] else { return standard }
        guard let number = value.int, range.contains(number) else {
            throw .user("inputs.\(name): expected a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func number(_ name: String, in range: ClosedRange<Double>, default standard: Double) throws(GatewayError) -> Double
    {
        guard let value = self[name] else { return standard }
        guard let number = value.double, range.contains(number) else {
            throw .user("inputs.\(name): expected a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// The URIs of all files among the inputs, in their order.
    var uris: [String] { (json.members ?? []).compactMap { $0.value["uri"]?.text } }
}
