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

    /// Reads the text between the braces; throws `ExpressionError` with the code `syntax`.
    package init(_ text: String) throws(ExpressionError) {
        let (path, fallback) = FlowReference.split(text)
        self.path = try Expression(path)
        guard let root = FlowReference.root(of: self.path.root) else {
            throw ExpressionError(
                .syntax, at: 1,
                "${…} names a step's output or an input, such as ${train.model}; conditions go into when")
        }
        self.root = root
        self.fallback = try fallback.map { text throws(ExpressionError) in
            try FlowReference.scalar(text, at: path.count + 3)
        }
        description = text
    }

    private static func split(_ text: String) -> (path: String, fallback: String?) {
        let place = text.firstIndexOutsideQuotes { index in
            text[index] == "?" && text[text.index(after: index)...].first == "?"
        }
        guard let place else { return (text, nil) }
        return (String(text[..<place]), String(text[text.index(place, offsetBy: 2)...]))
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

extension StringProtocol {
    /// The first index that meets a condition and is not within quotes of either kind.
    func firstIndexOutsideQuotes(where matches: (Index) -> Bool) -> Index? {
        var quote: Character?
        for index in indices {
            let character = self[index]
            if let open = quote {
                if character == open { quote = nil }
            } else if character == "\"" || character == "'" {
                quote = character
            } else if matches(index) {
                return index
            }
        }
        return nil
    }
}
