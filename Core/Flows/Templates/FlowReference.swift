import Model

/// What `${…}` names in a template: a step's output or an input, and what stands in its place where it is absent.
///
///     Reference = Path ["??" Default]
///     Path      = IDENT {"." IDENT | "[" INT "]" | "[" STRING "]"}
///     Default   = a JSON number, string, boolean or null
package struct FlowReference: Hashable, Sendable, CustomStringConvertible {
    /// The text between the braces.
    package let description: String
    /// The step, or `inputs`.
    package let root: String
    /// Nil: an absent value is an error.
    package let fallback: ExpressionValue?
    let path: Expression

    /// Reads the text between the braces, of which the path takes so many Unicode scalars; throws `ExpressionError` with
    /// the code `syntax`.
    private init(_ text: String, path length: Int) throws(ExpressionError) {
        let scalars = text.unicodeScalars
        let end = scalars.index(scalars.startIndex, offsetBy: length)
        path = try Expression(String(scalars[..<end]))
        let fallback = end < scalars.endIndex ? String(scalars[end...].dropFirst(2)) : nil
        guard let root = FlowReference.root(of: self.path.root) else {
            throw ExpressionError(
                .syntax, at: 1,
                "${…} names a step's output or an input, such as ${train.model}; conditions go into when")
        }
        self.root = root
        self.fallback = try fallback.map { text throws(ExpressionError) in
            try FlowReference.scalar(text, at: length + 3)
        }
        description = text
    }

    /// Reads a reference from behind its `${`; returns it with what follows its `}`. Nil: there is no `}`.
    ///
    /// The path is cut by the lexer of conditions, and the default is JSON, so that both may have braces in quotes.
    static func read(_ text: Substring) throws(ExpressionError) -> (FlowReference, rest: Substring)? {
        var lexer = ExpressionLexer(String(text))
        guard let length = try lexer.place(of: ["}", "??"]) else { return nil }
        let scalars = text.unicodeScalars
        let place = scalars.index(scalars.startIndex, offsetBy: length)
        guard let end = scalars[place] == "}" ? place : FlowReference.end(ofDefault: scalars[place...]) else {
            return nil
        }
        let reference = try FlowReference(String(scalars[..<end]), path: length)
        return (reference, Substring(scalars[scalars.index(after: end)...]))
    }

    /// The `}` behind a default.
    private static func end(ofDefault text: Substring.UnicodeScalarView) -> String.Index? {
        var (isQuoted, isEscaped) = (false, false)
        for place in text.indices {
            if isEscaped {
                isEscaped = false
            } else if text[place] == "\"" {
                isQuoted.toggle()
            } else if isQuoted, text[place] == "\\" {
                isEscaped = true
            } else if !isQuoted, text[place] == "}" {
                return place
            }
        }
        return nil
    }

    /// The name that a path begins with; nil if it is no path.
    private static func root(of node: Expression.Node) -> String? {
        switch node.content {
        case .name(let name): return name
        case .field(let operand, _): return root(of: operand)
        case .element(let operand, let index):
            guard case .literal(let key) = index.content, key.type == "int" || key.type == "string" else { return nil }
            return root(of: operand)
        default: return nil
        }
    }

    private static func scalar(_ text: String, at column: Int) throws(ExpressionError) -> ExpressionValue {
        guard let json = try? JSON(parsing: text), json.elements == nil, json.members == nil else {
            throw ExpressionError(.syntax, at: column, "?? is followed by a number, a string, true, false or null")
        }
        return ExpressionValue(written: json)
    }

    /// The value that it names, or its default where that is absent; a wrong type on the way is an error.
    package func value(_ lookUp: @escaping (String) -> ExpressionName?) throws(ExpressionError) -> ExpressionValue {
        do throws(ExpressionError) {
            return try path.value(lookUp)
        } catch {
            guard error.code == .absent, let fallback else { throw error }
            return fallback
        }
    }
}
