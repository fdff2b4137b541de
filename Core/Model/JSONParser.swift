extension JSON {
    /// Why a text is not JSON, and where.
    public struct SyntaxError: Error, Hashable, Sendable, CustomStringConvertible {
        /// From 1.
        public var line: Int
        /// From 1, in bytes.
        public var column: Int
        /// What was expected and what was found.
        public var detail: String
        /// The value with the mistake, as a JSON Pointer (RFC 6901); `""` is the whole document.
        public var pointer = ""
        /// The text is valid JSON, but has U+0000, which `init(document:)` refuses.
        public var isNullCharacter = false
        /// A `\\u` escape of half a surrogate pair: the text may be JSON, but is no Unicode.
        public var isLoneSurrogate = false
        /// Line, column and detail.
        public var description: String { "line \(line), column \(column): \(detail)" }
    }

    /// Parses one JSON text in UTF-8. Refuses what RFC 8259 leaves open or forbids: repeated names, lone surrogates,
    /// invalid UTF-8, more than 128 levels, anything after the value. Skips a leading byte order mark.
    public init(parsing bytes: some Collection<UInt8>) throws(SyntaxError) {
        var parser = JSONParser(Array(bytes))
        self = try parser.document()
    }

    /// Parses a document that a caller sent: as `init(parsing:)`, but U+0000 in a string or name is a mistake, because
    /// Postgres cannot store it in a text.
    package init(document bytes: some Collection<UInt8>) throws(SyntaxError) {
        var parser = JSONParser(Array(bytes), refusesNullCharacters: true)
        self = try parser.document()
    }

    /// Parses one JSON text, as `init(parsing:)` of its bytes.
    public init(parsing text: String) throws(SyntaxError) { try self.init(parsing: Array(text.utf8)) }
}

/// A recursive-descent parser over UTF-8 bytes.
struct JSONParser {
    private let bytes: [UInt8]
    private var position = 0
    private var depth = 0

    private let refusesNullCharacters: Bool

    private static let maximumDepth = 128

    init(_ bytes: [UInt8], refusesNullCharacters: Bool = false) {
        self.bytes = bytes
        self.refusesNullCharacters = refusesNullCharacters
    }

    mutating func document() throws(JSON.SyntaxError) -> JSON {
        position = bytes.count - bytes.withoutByteOrderMark.count
        let value = try self.value()
        skipSpace()
        guard position == bytes.count else { throw failure("expected the end, found \(here)") }
        return value
    }

    private mutating func value() throws(JSON.SyntaxError) -> JSON {
        skipSpace()
        guard position < bytes.count else { throw failure("expected a value, found the end") }
        switch bytes[position] {
        case UInt8(ascii: "{"): return try nested { parser throws(JSON.SyntaxError) in try parser.object() }
        case UInt8(ascii: "["): return try nested { parser throws(JSON.SyntaxError) in try parser.array() }
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        case UInt8(ascii: "-"), 48...57: return .number(try number())
        default: throw failure("expected a value, found \(here)")
        }
    }

    private mutating func nested(
        _ body: (inout JSONParser) throws(JSON.SyntaxError) -> JSON
    ) throws(JSON.SyntaxError) -> JSON {
        guard depth < JSONParser.maximumDepth else {
            throw failure("more than \(JSONParser.maximumDepth) levels of nesting")
        }
        depth += 1
        defer { depth -= 1 }
        position += 1
        return try body(&self)
    }

    private mutating func object() throws(JSON.SyntaxError) -> JSON {
        var members: [JSON.Member] = []
        var names: Set<String> = []
        skipSpace()
        if take("}") { return .object(members) }
        repeat {
            skipSpace()
            guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
                throw failure("expected a name in quotes, found \(here)")
            }
            let name = try string()
            guard names.insert(name).inserted else { throw failure("the name \"\(name)\" stands twice in one object") }
            skipSpace()
            guard take(":") else { throw failure("expected ':' after the name \"\(name)\", found \(here)") }
            do throws(JSON.SyntaxError) {
                members.append(JSON.Member(name, try value()))
            } catch {
                throw error.inside(JSON.pointerToken(name))
            }
            skipSpace()
        } while take(",")
        guard take("}") else { throw failure("expected ',' or '}', found \(here)") }
        return .object(members)
    }

    private mutating func array() throws(JSON.SyntaxError) -> JSON {
        var elements: [JSON] = []
        skipSpace()
        if take("]") { return .array(elements) }
        repeat {
            do throws(JSON.SyntaxError) {
                elements.append(try value())
            } catch {
                throw error.inside("\(elements.count)")
            }
            skipSpace()
        } while take(",")
        guard take("]") else { throw failure("expected ',' or ']', found \(here)") }
        return .array(elements)
    }

    private mutating func literal(_ text: StaticString, _ value: JSON) throws(JSON.SyntaxError) -> JSON {
        for byte in "\(text)".utf8 {
            guard position < bytes.count, bytes[position] == byte else { throw failure("expected \(text)") }
            position += 1
        }
        return value
    }

    private mutating func number() throws(JSON.SyntaxError) -> String {
        let start = position
        _ = take("-")
        if !take("0") { try digits() }
        if take(".") { try digits() }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            try digits()
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func digits() throws(JSON.SyntaxError) {
        let start = position
        while position < bytes.count, (48...57).contains(bytes[position]) { position += 1 }
        guard position > start else { throw failure("expected a digit, found \(here)") }
    }

    private mutating func string() throws(JSON.SyntaxError) -> String {
        position += 1
        let start = position
        while position < bytes.count, bytes[position] != UInt8(ascii: "\""), bytes[position] != UInt8(ascii: "\\"),
            bytes[position] >= 32
        { position += 1 }
        if position < bytes.count, bytes[position] == UInt8(ascii: "\"") {
            defer { position += 1 }
            return try text(bytes[start..<position])
        }
        var unescaped = Array(bytes[start..<position])
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return try text(unescaped[...])
            case UInt8(ascii: "\\"): try escape(into: &unescaped)
            case 0..<32:
                position -= 1
                throw failure("a control character in a string must be escaped")
            default: unescaped.append(byte)
            }
        }
        throw failure("the string does not end")
    }

    private func text(_ slice: ArraySlice<UInt8>) throws(JSON.SyntaxError) -> String {
        guard let text = String(validating: slice, as: UTF8.self) else { throw failure("the string is not UTF-8") }
        return text
    }

    private mutating func escape(into bytes: inout [UInt8]) throws(JSON.SyntaxError) {
        guard position < self.bytes.count else { throw failure("the string does not end") }
        let byte = self.bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): bytes.append(byte)
        case UInt8(ascii: "b"): bytes.append(8)
        case UInt8(ascii: "f"): bytes.append(12)
        case UInt8(ascii: "n"): bytes.append(10)
        case UInt8(ascii: "r"): bytes.append(13)
        case UInt8(ascii: "t"): bytes.append(9)
        case UInt8(ascii: "u"):
            var code = try hexadecimal()
            if (0xD800..<0xDC00).contains(code), take("\\"), take("u") {
                let low = try hexadecimal()
                guard (0xDC00..<0xE000).contains(low) else { throw surrogate("a high surrogate without a low one") }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw surrogate("a surrogate on its own") }
            if code == 0, refusesNullCharacters {
                var failure = failure("U+0000 cannot be stored; leave it out")
                failure.isNullCharacter = true
                throw failure
            }
            bytes.append(contentsOf: UTF8.encode(scalar)!)
        default:
            position -= 1
            throw failure("no such escape: \\\(here)")
        }
    }

    private func surrogate(_ detail: String) -> JSON.SyntaxError {
        var failure = failure(detail)
        failure.isLoneSurrogate = true
        return failure
    }

    private mutating func hexadecimal() throws(JSON.SyntaxError) -> UInt32 {
        guard position + 4 <= bytes.count,
            let value = UInt32(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16),
            bytes[position] != UInt8(ascii: "+"), bytes[position] != UInt8(ascii: "-")
        else { throw failure("expected four hexadecimal digits after \\u") }
        position += 4
        return value
    }

    private mutating func skipSpace() {
        while position < bytes.count, [32, 9, 10, 13].contains(bytes[position]) { position += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(truncatingIfNeeded: character.value) else {
            return false
        }
        position += 1
        return true
    }

    /// What is at the position, for a message.
    private var here: String {
        guard position < bytes.count else { return "the end" }
        let byte = bytes[position]
        return byte > 32 && byte < 127 ? "'\(Unicode.Scalar(byte))'" : "byte \(byte)"
    }

    private func failure(_ detail: String) -> JSON.SyntaxError {
        var line = 1
        var column = 1
        for byte in bytes[..<min(position, bytes.count)] {
            if byte == UInt8(ascii: "\n") {
                line += 1
                column = 1
            } else {
                column += 1
            }
        }
        return JSON.SyntaxError(line: line, column: column, detail: detail)
    }
}

extension JSON.SyntaxError {
    /// The same mistake with the pointer seen from the enclosing object or array.
    fileprivate func inside(_ token: String) -> JSON.SyntaxError {
        var error = self
        error.pointer = "/\(token)\(pointer)"
        return error
    }

    /// The mistake as a mistake of the document.
    ///
    /// - Parameter isLine: the document is one line of several, so that only the column is of use.
    package func fieldError(isLine: Bool = false) -> FieldError {
        let place = isLine ? "column \(column): \(detail)" : description
        return FieldError(pointer: pointer, detail: isNullCharacter ? place : "not JSON: \(place)")
    }
}

extension JSON {
    /// A name as a token of a JSON Pointer (RFC 6901, section 3): `a~1b` for `a/b`.
    package static func pointerToken(_ name: String) -> String {
        guard name.utf8.contains(where: { $0 == UInt8(ascii: "~") || $0 == UInt8(ascii: "/") }) else { return name }
        var escaped = ""
        for character in name.unicodeScalars {
            switch character {
            case "~": escaped += "~0"
            case "/": escaped += "~1"
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }
}

extension Collection<UInt8> {
    /// The bytes without a leading UTF-8 byte order mark (U+FEFF), which some editors write.
    package var withoutByteOrderMark: SubSequence { starts(with: [0xEF, 0xBB, 0xBF]) ? dropFirst(3) : self[...] }
}
