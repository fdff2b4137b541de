/// What a field or parameter may be: how it is read, what a mistake says was expected, and its JSON Schema (2020-12),
/// in one value, so that they cannot disagree.
package struct FieldType<Value>: Sendable {
    private let words: @Sendable () -> String
    private let describe: @Sendable () -> JSON
    private let standard: JSON?
    /// Converts a JSON value; nil for values that are not allowed.
    package let read: @Sendable (JSON) -> Value?

    /// A type of field.
    ///
    /// - Parameters:
    ///   - expected: what the value must be, in words.
    ///   - schema: the same as JSON Schema; `JSONFields` adds null where a field may be null.
    ///   - read: nil for values that are not allowed.
    package init(
        _ expected: @autoclosure @escaping @Sendable () -> String, schema: @autoclosure @escaping @Sendable () -> JSON,
        read: @escaping @Sendable (JSON) -> Value?
    ) {
        words = expected
        describe = schema
        standard = nil
        self.read = read
    }

    private init(_ type: FieldType, default standard: JSON) {
        (words, describe, read) = (type.words, type.describe, type.read)
        self.standard = standard
    }

    /// The same type, whose schema says which value stands for an absent field.
    package func defaulting(_ value: JSON) -> FieldType { FieldType(self, default: value) }

    /// What the value must be, in words.
    package var expected: String { words() }
    /// The JSON Schema. Its description is `expected` unless it has one, and it has the default if one was given.
    package var schema: JSON {
        var members = describe().members ?? []
        if !members.contains(where: { $0.name == "description" }) {
            members.append(.init("description", .string(words())))
        }
        if let standard { members.append(.init("default", standard)) }
        return .object(members)
    }
}

extension FieldType where Value == String {
    /// A text whose length in Unicode scalars is within a range.
    ///
    /// - Parameter excluding: bytes that it must not contain; the schema's pattern assumes CR and LF.
    package static func text(
        _ length: ClosedRange<Int>, _ what: @autoclosure @escaping @Sendable () -> String, excluding: [UInt8] = []
    ) -> FieldType {
        FieldType(
            "\(what()): \(length.lowerBound) to \(length.upperBound) characters",
            schema: {
                var schema: [JSON.Member] = [.init("type", "string")]
                if length.lowerBound > 0 { schema.append(.init("minLength", .integer(length.lowerBound))) }
                schema.append(.init("maxLength", .integer(length.upperBound)))
                // Callers exclude CR and LF.
                if !excluding.isEmpty { schema.append(.init("pattern", "^[^\\r\\n]*$")) }
                return .object(schema)
            }()
        ) { value in
            guard let text = value.text, length.contains(text.unicodeScalars.count),
                !text.utf8.contains(where: { excluding.contains($0) })
            else { return nil }
            return text
        }
    }

    /// A name that a rule accepts.
    package static func name(_ rule: NameRule, _ what: String) -> FieldType {
        FieldType("\(what), \(rule.requirement)", schema: rule.schema) { value in
            value.text.flatMap { rule.accepts($0) ? $0 : nil }
        }
    }

    /// One of a list of words.
    package static func oneOf(_ words: [String]) -> FieldType {
        FieldType(
            "one of \(words.joined(separator: ", "))",
            schema: ["type": "string", "enum": .array(words.map { .string($0) })]
        ) { value in value.text.flatMap { words.contains($0) ? $0 : nil } }
    }

    /// A text that a later step checks: a URL, a cron expression.
    package static func format(_ format: String, _ expected: @autoclosure @escaping @Sendable () -> String) -> FieldType
    {
        FieldType(expected(), schema: ["type": "string", "format": .string(format)], read: \.text)
    }
}

extension FieldType where Value: CaseIterable & Sendable {
    /// A case of an enumeration, by its Swift name.
    package static func choice(_ type: Value.Type) -> FieldType {
        FieldType(
            "one of \(Value.allCases.map { "\($0)" }.joined(separator: ", "))",
            schema: ["type": "string", "enum": .array(Value.allCases.map { .string("\($0)") })]
        ) { value in Value.allCases.first { "\($0)" == value.text } }
    }
}

extension FieldType where Value == Int {
    /// A whole number within a range; `5.0` is whole too.
    package static func integer(
        _ range: ClosedRange<Int>, _ what: @autoclosure @escaping @Sendable () -> String = "a whole number"
    ) -> FieldType {
        FieldType(
            "\(what()) from \(range.lowerBound) to \(range.upperBound)",
            schema: [
                "type": "integer", "minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound),
            ]
        ) { value in value.int.flatMap { range.contains($0) ? $0 : nil } }
    }
}

extension FieldType where Value == Double {
    /// Any number within a range.
    package static func number(
        _ range: ClosedRange<Double>, _ what: @autoclosure @escaping @Sendable () -> String = "a number"
    ) -> FieldType {
        FieldType(
            "\(what()) from \(FieldType.text(range.lowerBound)) to \(FieldType.text(range.upperBound))",
            schema: ["type": "number", "minimum": .number(range.lowerBound), "maximum": .number(range.upperBound)]
        ) { value in value.double.flatMap { range.contains($0) ? $0 : nil } }
    }

    private static func text(_ value: Double) -> String { Int(exactly: value).map { "\($0)" } ?? "\(value)" }
}

extension FieldType where Value == Bool {
    /// True or false.
    package static var flag: FieldType { FieldType("true or false", schema: ["type": "boolean"], read: \.flag) }
}

extension FieldType where Value == Timestamp {
    /// A time in RFC 3339.
    package static var time: FieldType {
        FieldType(Timestamp.requirement, schema: ["type": "string", "format": "date-time"]) { value in
            value.text.flatMap { Timestamp($0) }
        }
    }
}

extension FieldType where Value == Duration {
    /// A duration within a range; the schema's format names the range.
    package static func duration(_ range: ClosedRange<Duration>) -> FieldType {
        FieldType(
            "a duration from \(range.lowerBound.text) to \(range.upperBound.text), such as \"90s\" or \"1h30m\"",
            schema: [
                "type": "string", "format": .string("duration:\(range.lowerBound.text)..\(range.upperBound.text)"),
            ]
        ) { value in value.text.flatMap { Duration(text: $0) }.flatMap { range.contains($0) ? $0 : nil } }
    }
}

extension NameRule {
    /// The rule as a JSON Schema.
    package var schema: JSON {
        let others = punctuation.replacing("-", with: "") + (punctuation.contains("-") ? "-" : "")
        return [
            "type": "string", "pattern": .string("^[a-zA-Z0-9][a-zA-Z0-9\(others)]{0,\(maximumLength - 1)}$"),
            "description": .string(requirement),
        ]
    }
}
