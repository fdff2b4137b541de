package import Model

/// What a step returned, checked against its contract.
package struct StepOutputs: Hashable, Sendable {
    /// The fields of the contract, in the order of their names.
    package let fields: [Field]
    /// How many fields were dropped because the contract does not have them.
    package let unknownFields: Int

    /// A name with its value.
    package struct Field: Hashable, Sendable {
        package var name: String
        package var value: ExpressionValue
    }

    /// In bytes of JSON: 64 KiB for all outputs, and 16 KiB for one.
    package static let longest = 65_536, longestValue = 16_384

    /// Checks an object of outputs; throws a `user` failure that names every mistake by its pointer.
    package init(checking json: JSON, against contract: StepContract) throws(StepFailure) {
        guard let members = json.members else {
            throw StepFailure(.user, "outputs: expected an object, found \(json.kind)")
        }
        var mistakes: [FieldError] = []
        var fields: [Field] = []
        var total = 0
        for (name, field) in contract.outputs.sorted(by: { $0.key < $1.key }) {
            guard let value = json[name], value != .null else {
                if !field.isOptional {
                    mistakes.append(FieldError(pointer: "/outputs", detail: "\(name), a \(field.type), is missing"))
                }
                continue
            }
            let pointer = "/outputs/\(name)"
            let size = value.serialized.count
            total += size
            if size > StepOutputs.longestValue {
                let detail = "is \(size) bytes of JSON; at most \(StepOutputs.longestValue) are allowed"
                mistakes.append(FieldError(pointer: pointer, detail: detail))
            } else if let mistake = field.type.mistake(in: value, at: pointer) {
                mistakes.append(mistake)
            } else {
                mistakes += value.textMistakes(at: pointer)
            }
            fields.append(Field(name: name, value: ExpressionValue(value)))
        }
        if total > StepOutputs.longest {
            let detail = "are \(total) bytes of JSON; at most \(StepOutputs.longest) are allowed"
            mistakes.append(FieldError(pointer: "/outputs", detail: detail))
        }
        guard mistakes.isEmpty else {
            let text = mistakes.map { "\($0.pointer): \($0.detail)" }.joined(separator: "; ")
            throw StepFailure(.user, "what \(contract.name) returned: \(text)")
        }
        self.fields = fields
        unknownFields = members.count { contract.outputs[$0.name] == nil }
    }

    /// As JSON.
    package var json: JSON { .object(fields.map { JSON.Member($0.name, $0.value.json) }) }
}
