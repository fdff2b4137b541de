import Model

extension FlowTemplate {
    /// The value with what the references name. Throws where one is absent without a default, where a list, map or
    /// null stands within text, and where a text is longer than `Expression.longestResult`.
    ///
    /// What the template says itself keeps its digits and the order of its members.
    package func value(_ lookUp: @escaping (String) -> ExpressionName?) throws(ExpressionError) -> ExpressionValue {
        var filling = Filling(lookUp: lookUp)
        // Without a way through JSON, in which there is no NaN.
        if case .reference(let reference) = self { return try filling.value(reference, "") }
        return ExpressionValue(written: try filling.json(self, ""))
    }

    /// What all references of a template may insert together, in bytes: far more than a call's body, which is checked
    /// when it is written, and little enough to hold.
    static let longestValue = 1_048_576
}

/// One template that is filled in.
private struct Filling {
    let lookUp: (String) -> ExpressionName?
    private var inserted = 0

    init(lookUp: @escaping (String) -> ExpressionName?) { self.lookUp = lookUp }

    mutating func json(_ template: FlowTemplate, _ place: String) throws(ExpressionError) -> JSON {
        switch template {
        case .literal(let json): return json
        case .reference(let reference): return try value(reference, place).json
        case .text(let parts): return .string(try text(parts, place))
        case .list(let elements):
            var values: [JSON] = []
            for (index, element) in elements.enumerated() { values.append(try json(element, "\(place)/\(index)")) }
            return .array(values)
        case .object(let members):
            var values: [JSON.Member] = []
            for member in members {
                let inner = "\(place)/\(JSON.pointerToken(member.name))"
                values.append(JSON.Member(member.name, try json(member.value, inner)))
            }
            return .object(values)
        }
    }

    mutating func value(_ reference: FlowReference, _ place: String) throws(ExpressionError) -> ExpressionValue {
        let value: ExpressionValue
        do throws(ExpressionError) { value = try reference.value(lookUp) } catch { throw error.at(place, reference) }
        inserted += value.weight
        guard inserted <= FlowTemplate.longestValue else {
            throw ExpressionError(.tooLong, at: 1, "all references insert more than \(FlowTemplate.longestValue) bytes")
                .at(place, reference)
        }
        return value
    }

    private mutating func text(_ parts: [FlowTemplate.Part], _ place: String) throws(ExpressionError) -> String {
        var text = ""
        for part in parts {
            switch part {
            case .text(let piece): text += piece
            case .reference(let reference):
                do throws(ExpressionError) {
                    text += try scalar(try value(reference, ""))
                    guard text.utf8.count <= Expression.longestResult else {
                        throw ExpressionError(
                            .tooLong, at: 1, "makes a text of more than \(Expression.longestResult) bytes")
                    }
                } catch { throw error.at(place, reference) }
            }
        }
        return text
    }

    private func scalar(_ value: ExpressionValue) throws(ExpressionError) -> String {
        switch value {
        case .string(let text): return text
        case .int(let number): return String(number)
        case .double(let number): return String(number)
        case .bool(let flag): return String(flag)
        case .written(.number(let digits)): return digits
        case .null, .list, .map, .written:
            throw ExpressionError(
                .type, at: 1,
                "within text this is \(value.type); only a string, number or boolean can stand there")
        }
    }
}

extension ExpressionValue {
    /// About the bytes that it takes.
    fileprivate var weight: Int {
        switch self {
        case .null, .bool, .int, .double: 8
        case .string(let text): text.utf8.count
        case .list(let elements): elements.reduce(8) { $0 + $1.weight }
        case .map(let fields): fields.reduce(8) { $0 + $1.key.utf8.count + $1.value.weight }
        case .written(let json): json.serialized.count
        }
    }
}
