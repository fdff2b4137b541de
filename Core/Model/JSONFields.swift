/// Reads the fields of one JSON object and collects every mistake with its pointer, so that a user hears of all of them at
/// once. Fields that nobody asked for are mistakes too.
///
/// ```swift
/// var fields = JSONFields(document)
/// let url = fields.required("url", \.text, "a string")
/// let timeout = fields.optional("timeout", …)
/// fields.finish()
/// guard fields.errors.isEmpty else { throw FieldErrors(fields.errors) }
/// ```
public struct JSONFields: Sendable {
    public let pointer: String
    public private(set) var errors: [FieldError] = []
    private var members: [JSON.Member]
    private var asked: [String] = []

    /// An object at a pointer; anything but an object is a mistake, and then every field is absent.
    public init(_ value: JSON, at pointer: String = "") {
        self.pointer = pointer
        members = value.members ?? []
        if value.members == nil {
            errors.append(FieldError(pointer: pointer, detail: "expected an object, found \(value.kind)"))
        }
    }

    /// `/a~1b` for the field `a/b` of the document.
    public func pointer(to name: String) -> String { "\(pointer)/\(JSON.pointerToken(name))" }

    /// The field's value, whatever it is; nil where it is absent.
    public mutating func raw(_ name: String) -> JSON? {
        asked.append(name)
        return members.first { $0.name == name }?.value
    }

    /// The field read by `read`; nil, without a mistake, where it is absent or null; nil, with one, where `read` gives nil.
    public mutating func optional<Value>(_ name: String, _ expected: String, _ read: (JSON) -> Value?) -> Value? {
        guard let value = raw(name), value != .null else { return nil }
        if let read = read(value) { return read }
        fail(name, "expected \(expected), found \(JSONFields.excerpt(value))")
        return nil
    }

    /// As `optional`, and a mistake where it is absent or null.
    public mutating func required<Value>(_ name: String, _ expected: String, _ read: (JSON) -> Value?) -> Value? {
        guard let value = raw(name), value != .null else {
            fail(name, "is required: \(expected)")
            return nil
        }
        return optional(name, expected, read)
    }

    public mutating func fail(_ name: String, _ detail: String) {
        errors.append(FieldError(pointer: pointer(to: name), detail: detail))
    }

    public mutating func add(_ more: [FieldError]) { errors.append(contentsOf: more) }

    /// Reports the fields that nobody asked for.
    public mutating func finish() {
        for member in members where !asked.contains(member.name) {
            fail(member.name, "unknown field; known here: \(Set(asked).sorted().joined(separator: ", "))")
        }
    }

    /// A short, safe rendering of a value for a message: long ones only by their kind.
    private static func excerpt(_ value: JSON) -> String {
        let text = value.description
        return text.utf8.count <= 40 ? text : value.kind
    }
}
