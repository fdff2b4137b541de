import Model

extension FlowTemplate {
    /// The value with what the references name. Throws where one is absent without a default, where a list, map or
    /// null stands within text, and where a text is longer than `Expression.longestResult`.
    ///
    /// What the template says itself keeps its digits and the order of its members.
    package func value(_ lookUp: @escaping (String) -> ExpressionName?) throws(ExpressionError) -> ExpressionValue {
        // Without a way through JSON, in which there is no NaN.
        if case .reference(let reference) = self { return try reference.value(lookUp) }
        return ExpressionValue(written: try Filling(lookUp: lookUp).json(self))
    }
}

/// One template that is filled in.
private struct Filling {
    let lookUp: (String) -> ExpressionName?

    func json(_ template: FlowTemplate) throws(ExpressionError) -> JSON {
        switch template {
        case .literal(let json): return json
        case .reference(let reference): return try reference.value(lookUp).json
        case .text(let parts): return .string(try text(parts))
        case .list(let elements):
            var values: [JSON] = []
            for element in elements { values.append(try json(element)) }
            return .array(values)
        case .object(let members):
            var values: [JSON.Member] = []
            for member in members { values.append(JSON.Member(member.name, try json(member.value))) }
            return .object(values)
        }
    }

    private func text(_ parts: [FlowTemplate.Part]) throws(ExpressionError) -> String {
        var text = ""
        for part in parts {
            switch part {
            case .text(let piece): text += piece
            case .reference(let reference): text += try inserted(try reference.value(lookUp), reference)
            }
        }
        return text
    }

    private func inserted(_ value: ExpressionValue, _ reference: FlowReference) throws(ExpressionError) -> String {
        switch value {
        case .string(let text): return text
        case .int(let number): return String(number)
        case .double(let number): return String(number)
        case .bool(let flag): return String(flag)
        case .written(.number(let digits)): return digits
        case .null, .list, .map, .written:
            throw ExpressionError(
                .type, at: 1,
                "${\(reference)} within text is \(value.type); only a string, number or boolean can stand there")
        }
    }
}
