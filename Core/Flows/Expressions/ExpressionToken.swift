/// A word of a condition.
struct ExpressionToken {
    enum Kind: Hashable {
        case name(String)
        case int(UInt64)
        case double(Double)
        case string(String)
        /// An operator, bracket or comma.
        case sign(String)
        case end
    }

    var kind: Kind
    /// In characters from 1.
    var column: Int

    /// For messages.
    var described: String {
        switch kind {
        case .name(let name): "\"\(name)\""
        case .int, .double: "a number"
        case .string: "a string"
        case .sign(let sign): "\"\(sign)\""
        case .end: "the end"
        }
    }
}

/// Cuts a condition into words.
struct ExpressionLexer {
    private let text: [Unicode.Scalar]
    private var position = 0

    init(_ text: String) { self.text = Array(text.unicodeScalars) }

    /// Skips the words before the first of these signs; returns its place in Unicode scalars, or nil if there is none.
    ///
    /// Quotes are read by the rules of conditions: a sign within them is none.
    mutating func place(of signs: [String]) throws(ExpressionError) -> Int? {
        while true {
            skipBlanks()
            guard current != nil else { return nil }
            let rest = text[position...]
            if signs.contains(where: { rest.starts(with: $0.unicodeScalars) }) { return position }
            _ = try kind()
        }
    }

    private var current: Unicode.Scalar? { position < text.count ? text[position] : nil }
    private func scalar(ahead count: Int) -> Unicode.Scalar? {
        position + count < text.count ? text[position + count] : nil
    }

    private func error(at place: Int, _ detail: String) -> ExpressionError {
        ExpressionError(.syntax, at: place + 1, detail)
    }

    /// The next word; `.end` after the last.
    mutating func next() throws(ExpressionError) -> ExpressionToken {
        skipBlanks()
        let start = position
        let kind = try kind()
        return ExpressionToken(kind: kind, column: start + 1)
    }

    private mutating func skipBlanks() {
        while let scalar = current {
            if scalar == "/", self.scalar(ahead: 1) == "/" {
                while let scalar = current, scalar != "\n" { _ = (scalar, position += 1) }
            } else if [" ", "\t", "\n", "\r", "\u{C}"].contains(scalar) {
                position += 1
            } else {
                return
            }
        }
    }

    private mutating func kind() throws(ExpressionError) -> ExpressionToken.Kind {
        guard let scalar = current else { return .end }
        if scalar == "\"" || scalar == "'" { return .string(try quoted(isRaw: false)) }
        if scalar == "r" || scalar == "R", let quote = self.scalar(ahead: 1), quote == "\"" || quote == "'" {
            position += 1
            return .string(try quoted(isRaw: true))
        }
        if scalar.isDigit || scalar == "." && self.scalar(ahead: 1)?.isDigit == true { return try number() }
        if scalar.isNameStart { return .name(name()) }
        for sign in ["<=", ">=", "==", "!=", "&&", "||"] where scalar == sign.unicodeScalars.first {
            guard self.scalar(ahead: 1) == sign.unicodeScalars.last else { continue }
            position += 2
            return .sign(sign)
        }
        guard "<>+-*/%!?:.,()[]".unicodeScalars.contains(scalar) else {
            let hint =
                [
                    "=": "; compare by ==", "&": "; and is &&", "|": "; or is ||",
                    "$": "; a condition is written without ${ }",
                ][String(scalar)] ?? ""
            throw error(at: position, "this character has no meaning here\(hint)")
        }
        position += 1
        return .sign(String(scalar))
    }

    private mutating func name() -> String {
        var name = ""
        while let scalar = current, scalar.isNameStart || scalar.isDigit {
            name.unicodeScalars.append(scalar)
            position += 1
        }
        return name
    }

    // MARK: Numbers

    private mutating func digits() -> String {
        var digits = ""
        while let scalar = current, scalar.isDigit {
            digits.unicodeScalars.append(scalar)
            position += 1
        }
        return digits
    }

    private mutating func number() throws(ExpressionError) -> ExpressionToken.Kind {
        let start = position
        if current == "0", let next = scalar(ahead: 1), next == "x" || next == "X" { return try hexadecimal() }
        var digits = digits()
        var isDouble = false
        if current == ".", scalar(ahead: 1)?.isDigit == true {
            position += 1
            digits += "." + self.digits()
            isDouble = true
        }
        if let letter = current, letter == "e" || letter == "E" {
            let sign = scalar(ahead: 1).flatMap { $0 == "+" || $0 == "-" ? String($0) : nil } ?? ""
            guard scalar(ahead: 1 + sign.count)?.isDigit == true else {
                throw error(at: start, "an exponent needs digits")
            }
            position += 1 + sign.count
            digits += "e" + sign + self.digits()
            isDouble = true
        }
        if let scalar = current, scalar.isNameStart {
            let isUnsigned = scalar == "u" || scalar == "U"
            throw error(
                at: start, isUnsigned ? "unsigned numbers are not part of conditions" : "a name begins with a letter")
        }
        if isDouble {
            guard let value = Double(digits.hasPrefix(".") ? "0" + digits : digits), value.isFinite else {
                throw error(at: start, "the number is too large")
            }
            return .double(value)
        }
        guard let value = UInt64(digits) else { throw error(at: start, "the number does not fit 64 bits") }
        return .int(value)
    }

    private mutating func hexadecimal() throws(ExpressionError) -> ExpressionToken.Kind {
        let start = position
        position += 2
        var digits = ""
        while let scalar = current, scalar.properties.isASCIIHexDigit {
            digits.unicodeScalars.append(scalar)
            position += 1
        }
        guard !digits.isEmpty else { throw error(at: start, "0x needs digits") }
        if let scalar = current, scalar.isNameStart { throw error(at: start, "a name begins with a letter") }
        guard let value = UInt64(digits, radix: 16) else { throw error(at: start, "the number does not fit 64 bits") }
        return .int(value)
    }

    // MARK: Strings

    private mutating func quoted(isRaw: Bool) throws(ExpressionError) -> String {
        let start = position
        guard let quote = current else { return "" }
        // In three quotes a string may have others and line breaks.
        let isTriple = scalar(ahead: 1) == quote && scalar(ahead: 2) == quote
        position += isTriple ? 3 : 1
        var value = ""
        while let scalar = current, isTriple || scalar != "\n" && scalar != "\r" {
            if scalar == quote, !isTriple || self.scalar(ahead: 1) == quote && self.scalar(ahead: 2) == quote {
                position += isTriple ? 3 : 1
                return value
            }
            position += 1
            if scalar == "\\", !isRaw {
                value.unicodeScalars.append(try escaped())
            } else {
                value.unicodeScalars.append(scalar)
            }
        }
        throw error(at: start, "the string has no end")
    }

    /// What follows a backslash.
    private mutating func escaped() throws(ExpressionError) -> Unicode.Scalar {
        let start = position - 1
        guard let scalar = current else { throw error(at: start, "the string has no end") }
        position += 1
        let plain: [Unicode.Scalar: Unicode.Scalar] = [
            "a": "\u{7}", "b": "\u{8}", "f": "\u{C}", "n": "\n", "r": "\r", "t": "\t", "v": "\u{B}", "\\": "\\",
            "?": "?", "\"": "\"", "'": "'", "`": "`",
        ]
        if let plain = plain[scalar] { return plain }
        switch scalar {
        case "x", "X": return try code(digits: 2, radix: 16, start)
        case "u": return try code(digits: 4, radix: 16, start)
        case "U": return try code(digits: 8, radix: 16, start)
        case "0"..."3":
            position -= 1
            return try code(digits: 3, radix: 8, start)
        default: throw error(at: start, "no such escape; a backslash is written \\\\")
        }
    }

    private mutating func code(digits count: Int, radix: Int, _ start: Int) throws(ExpressionError) -> Unicode.Scalar {
        var digits = ""
        for _ in 0..<count {
            guard let scalar = current else { break }
            digits.unicodeScalars.append(scalar)
            position += 1
        }
        guard digits.unicodeScalars.count == count, !digits.hasPrefix("+"), !digits.hasPrefix("-"),
            let value = UInt32(digits, radix: radix)
        else { throw error(at: start, "the escape needs \(count) digits of a code point") }
        if let scalar = Unicode.Scalar(value) { return scalar }
        // cel-spec, "String and Bytes Values": code points of surrogates are no escapes.
        let isSurrogate = (0xD800..<0xE000).contains(value)
        throw error(
            at: start,
            isSurrogate
                ? "the escape is half of a surrogate pair; write \\U0001F600 for a code point beyond FFFF"
                : "there is no such code point")
    }
}

extension Unicode.Scalar {
    fileprivate var isDigit: Bool { ("0"..."9").contains(self) }
    fileprivate var isNameStart: Bool { self == "_" || ("a"..."z").contains(self) || ("A"..."Z").contains(self) }
}
