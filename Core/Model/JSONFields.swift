/// Reads the fields of one JSON object and collects every mistake with its pointer, so that a user sees them all at
/// once. Unknown fields are mistakes too.
///
/// ```swift
/// var fields = JSONFields(document)
/// let url = fields.required("url", \.text, "a string")
/// let timeout = fields.optional("timeout", …)
/// fields.finish()
/// guard fields.errors.isEmpty else { throw FieldErrors(fields.errors) }
/// ```
///
/// Run without a document (`schema`), the same reader describes its fields instead.
public struct JSONFields: Sendable {
    /// Where the object is in its document; `""` for the document itself.
    public let pointer: String
    /// The mistakes found so far.
    public private(set) var errors: [FieldError] = []
    private var members: [JSON.Member]
    private var asked: [String] = []
    /// The fields asked for, if they are described and not read.
    private var properties: [Property]?

    private struct Property: Sendable {
        var name: String
        var schema: JSON
        var isRequired: Bool
    }

    /// Reads the object at a pointer. Anything but an object is a mistake, and then every field is absent.
    public init(_ value: JSON, at pointer: String = "") {
        self.pointer = pointer
        members = value.members ?? []
        if value.members == nil {
            errors.append(FieldError(pointer: pointer, detail: "expected an object, found \(value.kind)"))
        }
    }

    /// The JSON Schema of the object that a reader reads: runs the reader without a document and collects the fields
    /// that it asks for.
    package static func schema(_ read: (inout JSONFields) -> Void) -> JSON {
        var fields = JSONFields(.object([]))
        fields.properties = []
        read(&fields)
        return fields.schema
    }

    /// The reader is only being asked which fields it reads; the values it makes are discarded.
    package var isDescribing: Bool { properties != nil }

    private var schema: JSON {
        let properties = properties ?? []
        var members: [JSON.Member] = [
            .init("type", "object"), .init("properties", .object(properties.map { .init($0.name, $0.schema) })),
        ]
        let required = properties.filter(\.isRequired).map { JSON.string($0.name) }
        if !required.isEmpty { members.append(.init("required", .array(required))) }
        members.append(.init("additionalProperties", false))
        return .object(members)
    }

    /// Adds a field to the description; does nothing when reading. A field that may be absent may also be null.
    package mutating func describe(_ name: String, _ schema: @autoclosure () -> JSON, isRequired: Bool = false) {
        guard properties != nil else { return }
        properties?.append(
            Property(name: name, schema: isRequired ? schema() : schema().nullable, isRequired: isRequired))
    }

    /// The field as its type reads it. Nil if it is absent or null; nil with a mistake if it is not what the type
    /// allows.
    package mutating func optional<Value>(_ name: String, _ type: FieldType<Value>) -> Value? {
        describe(name, type.schema)
        guard let value = raw(name), value != .null else { return nil }
        if let read = type.read(value) { return read }
        fail(name, "expected \(type.expected), found \(JSONFields.excerpt(value))")
        return nil
    }

    /// As `optional(_:_:)`, but an absent or null field is a mistake.
    package mutating func required<Value>(_ name: String, _ type: FieldType<Value>) -> Value? {
        describe(name, type.schema, isRequired: true)
        guard let value = raw(name), value != .null else {
            fail(name, "is required: \(type.expected)")
            return nil
        }
        if let read = type.read(value) { return read }
        fail(name, "expected \(type.expected), found \(JSONFields.excerpt(value))")
        return nil
    }

    /// A nested object, whose fields `read` asks for; nil if it is absent, null or has a mistake.
    package mutating func object<Value>(
        _ name: String, isRequired: Bool = false, _ what: @autoclosure () -> String = "an object",
        _ read: (inout JSONFields) -> Value?
    ) -> Value? {
        if isDescribing {
            describe(name, JSONFields.schema { _ = read(&$0) }, isRequired: isRequired)
            return nil
        }
        guard let value = raw(name), value != .null else {
            if isRequired { fail(name, "is required: \(what())") }
            return nil
        }
        var inner = JSONFields(value, at: pointer(to: name))
        let result = value.members == nil ? nil : read(&inner)
        inner.finish()
        add(inner.errors)
        return inner.errors.isEmpty ? result : nil
    }

    /// The pointer of a field of this object: `/a~1b` for the field `a/b` of the document.
    public func pointer(to name: String) -> String { "\(pointer)/\(JSON.pointerToken(name))" }

    /// The field's value, whatever it is; nil if it is absent. The field counts as known.
    public mutating func raw(_ name: String) -> JSON? {
        asked.append(name)
        return members.first { $0.name == name }?.value
    }

    /// The field as `read` converts it. Nil if it is absent or null; nil with a mistake if `read` returns nil.
    ///
    /// - Parameter expected: what it must be, in words.
    public mutating func optional<Value>(_ name: String, _ expected: String, _ read: (JSON) -> Value?) -> Value? {
        guard let value = raw(name), value != .null else { return nil }
        if let read = read(value) { return read }
        fail(name, "expected \(expected), found \(JSONFields.excerpt(value))")
        return nil
    }

    /// As `optional(_:_:_:)`, but an absent or null field is a mistake.
    public mutating func required<Value>(_ name: String, _ expected: String, _ read: (JSON) -> Value?) -> Value? {
        guard let value = raw(name), value != .null else {
            fail(name, "is required: \(expected)")
            return nil
        }
        return optional(name, expected, read)
    }

    /// Adds a mistake in a field of this object.
    public mutating func fail(_ name: String, _ detail: String) {
        errors.append(FieldError(pointer: pointer(to: name), detail: detail))
    }

    /// Adds mistakes found elsewhere, with their own pointers.
    public mutating func add(_ more: [FieldError]) { errors.append(contentsOf: more) }

    /// Reports the fields that were never asked for; call it last.
    public mutating func finish() {
        for member in members where !asked.contains(member.name) {
            fail(member.name, "unknown field; known here: \(Set(asked).sorted().joined(separator: ", "))")
        }
    }

    /// A short rendering of a value for a message; long values only by their kind.
    private static func excerpt(_ value: JSON) -> String {
        let text = value.description
        if text.utf8.count <= 40 { return text }
        return value.text.map { "a string of \($0.unicodeScalars.count) characters" } ?? value.kind
    }
}

extension JSON {
    /// The JSON Schema, allowing null too.
    package var nullable: JSON {
        guard var members else { return self }
        for (index, member) in members.enumerated() {
            switch (member.name, member.value) {
            case ("type", .string(let type)): members[index].value = [.string(type), "null"]
            case ("enum", .array(let values)): members[index].value = .array(values + [.null])
            case ("anyOf", .array(let schemas)): members[index].value = .array(schemas + [["type": "null"]])
            default: break
            }
        }
        return .object(members)
    }
}
