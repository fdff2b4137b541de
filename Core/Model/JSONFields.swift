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
    /// What has been asked for, where the fields are described and not read.
    private var properties: [Property]?

    private struct Property: Sendable {
        var name: String
        var schema: JSON
        var isRequired: Bool
    }

    /// An object at a pointer; anything but an object is a mistake, and then every field is absent.
    public init(_ value: JSON, at pointer: String = "") {
        self.pointer = pointer
        members = value.members ?? []
        if value.members == nil {
            errors.append(FieldError(pointer: pointer, detail: "expected an object, found \(value.kind)"))
        }
    }

    /// The JSON Schema of the object that a reader reads: the reader is run without a document, and what it asks for is noted.
    package static func schema(_ read: (inout JSONFields) -> Void) -> JSON {
        var fields = JSONFields(.object([]))
        fields.properties = []
        read(&fields)
        return fields.schema
    }

    /// A reader is asked what it would read; values that it makes are thrown away.
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

    /// Adds a field to the description. One that may be absent may be null as well.
    package mutating func describe(_ name: String, _ schema: @autoclosure () -> JSON, isRequired: Bool = false) {
        guard properties != nil else { return }
        properties?.append(
            Property(name: name, schema: isRequired ? schema() : schema().nullable, isRequired: isRequired))
    }

    /// The field as its type reads it; nil, without a mistake, where it is absent or null; nil, with one, where it is anything else.
    package mutating func optional<Value>(_ name: String, _ type: FieldType<Value>) -> Value? {
        describe(name, type.schema)
        guard let value = raw(name), value != .null else { return nil }
        if let read = type.read(value) { return read }
        fail(name, "expected \(type.expected), found \(JSONFields.excerpt(value))")
        return nil
    }

    /// As `optional`, and a mistake where it is absent or null.
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

    /// An object inside, read by `read`, which asks for its fields; nil where it is absent, null or has a mistake.
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
        if text.utf8.count <= 40 { return text }
        return value.text.map { "a string of \($0.unicodeScalars.count) characters" } ?? value.kind
    }
}

extension JSON {
    /// A JSON Schema that allows null beside what it allows.
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
