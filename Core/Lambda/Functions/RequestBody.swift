package import Model

/// The body of a call of the Lambda API: an object whose members are read by their types. A member that is null is absent.
struct RequestBody {
    private let json: JSON

    init(_ json: JSON) throws(LambdaError) {
        guard json.members != nil else {
            throw LambdaError(
                "InvalidRequestContentException", "Could not parse request body into json: it is \(json.kind).")
        }
        self.json = json
    }

    /// The member's value; nil: it is absent or null.
    func value(_ name: String) -> JSON? {
        guard let value = json[name], value != JSON.null else { return nil }
        return value
    }
    func text(_ name: String) throws(LambdaError) -> String? { try read(name, "a String", \.text) }
    func int(_ name: String) throws(LambdaError) -> Int? { try read(name, "an Integer", \.int) }
    func double(_ name: String) throws(LambdaError) -> Double? { try read(name, "a Double", \.double) }
    func flag(_ name: String) throws(LambdaError) -> Bool? { try read(name, "a Boolean", \.flag) }
    func list(_ name: String) throws(LambdaError) -> [JSON]? { try read(name, "a List", \.elements) }

    /// An object within.
    func object(_ name: String) throws(LambdaError) -> RequestBody? {
        guard try read(name, "an Object", \.members) != nil, let value = value(name) else { return nil }
        return try RequestBody(value)
    }

    /// An object of texts.
    func texts(_ name: String) throws(LambdaError) -> [String: String]? {
        guard let body = try object(name) else { return nil }
        var texts: [String: String] = [:]
        for member in body.json.members ?? [] { texts[member.name] = try body.text(member.name) }
        return texts
    }

    /// An object of numbers.
    func numbers(_ name: String) throws(LambdaError) -> [String: Double]? {
        guard let body = try object(name) else { return nil }
        var numbers: [String: Double] = [:]
        for member in body.json.members ?? [] { numbers[member.name] = try body.double(member.name) }
        return numbers
    }

    private func read<Value>(
        _ name: String, _ type: String, _ value: (JSON) -> Value?
    ) throws(LambdaError) -> Value? {
        guard let found = self.value(name) else { return nil }
        guard let read = value(found) else {
            throw LambdaError("SerializationException", "\(name): \(found.token) can not be converted to \(type)")
        }
        return read
    }
}

extension JSON {
    /// The kind of value in the words of AWS's parser.
    fileprivate var token: String {
        switch self {
        case .null: "NULL_VALUE"
        case .bool(let flag): flag ? "TRUE_VALUE" : "FALSE_VALUE"
        case .number: "NUMBER_VALUE"
        case .string: "STRING_VALUE"
        case .array: "Start of list"
        case .object: "Start of structure or map"
        }
    }

    /// A text, or null without one.
    static func optionalText(_ text: String?) -> JSON { optional(text) { .string($0) } }
    /// An object of texts, by name.
    package static func texts(_ texts: [String: String]) -> JSON {
        .object(texts.sorted { $0.key < $1.key }.map { Member($0.key, .string($0.value)) })
    }
    /// What `texts` made.
    var textsByName: [String: String]? {
        guard let members else { return nil }
        var texts: [String: String] = [:]
        for member in members {
            guard let text = member.value.text else { return nil }
            texts[member.name] = text
        }
        return texts
    }
}
