package import Model

extension FlowDefinition {
    /// Reads a definition; throws all mistakes together, each with its pointer.
    ///
    /// Checked are the form, names, references to steps and inputs, and that no steps wait for one another in a circle.
    /// What the contracts say is checked by `FlowChecker`.
    package init(_ json: JSON) throws(FieldErrors) {
        var mistakes: [FieldError] = []
        guard let definition = FlowDefinition(reading: json, &mistakes), mistakes.isEmpty else {
            throw FieldErrors(mistakes.bounded)
        }
        self = definition
    }

    /// Reads what can be read, so that other mistakes can be found too: of a step or input with a mistake its name and
    /// the fields without one, and a type that cannot be read as none. Nil: there are no steps.
    init?(reading json: JSON, _ mistakes: inout [FieldError]) {
        var fields = JSONFields(json)
        let inputs = FlowDefinition.inputs(&fields)
        let steps = FlowDefinition.steps(&fields)
        var errors: [FieldError] = []
        let outputs = FlowDefinition.templates(&fields, "outputs", &errors)
        let timeout = fields.optional("timeout", .flowDuration(.seconds(1)...FlowDefinition.longest))
        if fields.raw("then") != nil { fields.fail("then", "the next generation of a flow is not supported yet") }
        let onFailure = FlowDefinition.onFailure(&fields)
        fields.finish()
        mistakes += fields.errors + errors
        guard let steps else { return nil }
        self.init(inputs: inputs, steps: steps, outputs: outputs, timeout: timeout, onFailure: onFailure)
        mistakes += unknownNames + circles
    }

    /// In bytes: what the API takes as a body.
    package static let longestDocument = 1 << 20
    static let longest = Duration.seconds(3_660 * 86_400)

    /// What an input's or step's name must be: a word of conditions that has no meaning yet.
    private static func mistake(inName name: String, _ what: String) -> String? {
        let isName =
            (1...63).contains(name.utf8.count)
            && name.utf8.allSatisfy {
                (97...122).contains($0) || (65...90).contains($0) || (48...57).contains($0) || $0 == 95
            }
            && name.utf8.first.map { !(48...57).contains($0) } ?? false
        // What cannot be read as a condition, such as `while`, cannot be referred to.
        guard isName, let word = try? Expression(name), word.names == [name] else {
            return "\(what) is 1 to 63 of a-z A-Z 0-9 _, does not begin with a digit, and is no word of conditions"
        }
        return ["inputs", "item"].contains(name) ? "\(name) has a meaning in references; choose another name" : nil
    }

    private static func onFailure(_ fields: inout JSONFields) -> FlowName? {
        guard let value = fields.raw("onFailure"), value != .null else { return nil }
        guard value.members != nil else {
            fields.fail("onFailure", "expected an object with the name of a flow, found \(value.kind)")
            return nil
        }
        var inner = JSONFields(value, at: fields.pointer(to: "onFailure"))
        let name = inner.required("flow", "a flow's name, \(NameRule.flow.requirement)") {
            $0.text.flatMap { FlowName($0) }
        }
        inner.finish()
        fields.add(inner.errors)
        return name
    }

    // MARK: Inputs

    private static func inputs(_ fields: inout JSONFields) -> [Input] {
        guard let value = fields.raw("inputs"), value != .null else { return [] }
        guard let members = value.members else {
            fields.fail("inputs", "expected an object, found \(value.kind)")
            return []
        }
        var inputs: [Input] = []
        for member in members {
            let pointer = "\(fields.pointer(to: "inputs"))/\(JSON.pointerToken(member.name))"
            if let mistake = mistake(inName: member.name, "an input's name") {
                fields.add([FieldError(pointer: pointer, detail: mistake)])
            }
            var errors: [FieldError] = []
            inputs.append(input(member, pointer, &errors))
            fields.add(errors)
        }
        return inputs
    }

    private static func input(_ member: JSON.Member, _ pointer: String, _ errors: inout [FieldError]) -> Input {
        let isShort = member.value.text != nil
        var fields = JSONFields(isShort ? ["type": member.value] : member.value, at: pointer)
        let type = fields.required("type", "one of \(FlowType.names)") { $0.text.flatMap { FlowType($0) } }
        let isOptional = fields.optional("optional", .flag) ?? false
        let isSecret = fields.optional("secret", .flag) ?? false
        let standard = fields.raw("default")
        fields.finish()
        if let standard, let type { fields.add(type.mistakes(in: standard, at: fields.pointer(to: "default"))) }
        if standard != nil, isSecret {
            fields.fail("default", "a secret has no default: it would stand in the definition")
        }
        // In the short form the type is the field itself.
        errors += fields.errors.map { isShort ? FieldError(pointer: pointer, detail: $0.detail) : $0 }
        return Input(
            name: member.name, type: type ?? .json,
            standard: standard.map { value in
                // 5.0 is whole, too.
                type == .integer ? value.int.map { .int(Int64($0)) } ?? ExpressionValue(value) : ExpressionValue(value)
            }, isOptional: isOptional,
            isSecret: isSecret)
    }

    // MARK: Steps

    private static func steps(_ fields: inout JSONFields) -> [FlowStep]? {
        guard let members = fields.required("steps", "an object of steps", \.members) else { return nil }
        guard (1...mostSteps).contains(members.count) else {
            fields.fail("steps", "there are \(members.count); a flow has 1 to \(mostSteps)")
            return nil
        }
        var steps: [FlowStep] = []
        for member in members {
            let pointer = "\(fields.pointer(to: "steps"))/\(JSON.pointerToken(member.name))"
            if let mistake = mistake(inName: member.name, "a step's name") {
                fields.add([FieldError(pointer: pointer, detail: mistake)])
            }
            var inner = JSONFields(member.value, at: pointer)
            steps.append(step(member.name, &inner))
            inner.finish()
            fields.add(inner.errors)
        }
        return steps
    }

    private static func step(_ name: String, _ fields: inout JSONFields) -> FlowStep {
        let type = fields.required("type", .text(1...200, "a type of step"))
        if let type, StepContract.reserved.contains(type) {
            fields.fail("type", "steps of the type \(type) are not supported yet")
            // One mistake says it all: what only such steps have is not unknown as well.
            for name in FlowStep.reservedFields { _ = fields.raw(name) }
        }
        let when = fields.optional("when", .text(1...Expression.longestText, "a condition")).flatMap { text in
            condition(text, &fields)
        }
        var errors: [FieldError] = []
        let with = templates(&fields, "with", &errors)
        let after = fields.optional("after", "a list of at most \(mostSteps) steps") { value in
            value.elements.flatMap { elements in
                let names = elements.compactMap(\.text)
                return names.count == elements.count && names.count <= mostSteps ? names : nil
            }
        }
        let timeouts = timeouts(&fields)
        let retry = fields.object("retry") { RetryPolicy(&$0) }
        let onError = fields.optional("onError", "fail or continue") {
            $0.text.flatMap { FlowStep.OnError(rawValue: $0) }
        }
        fields.add(errors)
        return FlowStep(
            name: name, type: type ?? "", when: when, with: with, after: after ?? [], onError: onError ?? .fail,
            retry: retry,
            timeouts: timeouts)
    }

    private static func condition(_ text: String, _ fields: inout JSONFields) -> Expression? {
        do throws(ExpressionError) {
            return try Expression(text)
        } catch {
            fields.fail("when", "\(error)")
            return nil
        }
    }

    private static func timeouts(_ fields: inout JSONFields) -> FlowStep.Timeouts {
        let range = FieldType.flowDuration(.seconds(1)...longest)
        let timeouts = FlowStep.Timeouts(
            start: fields.optional("startTimeout", range), heartbeat: fields.optional("heartbeatTimeout", range),
            attempt: fields.optional("timeout", range), total: fields.optional("totalTimeout", range))
        if let attempt = timeouts.attempt, let total = timeouts.total, total < attempt {
            fields.fail("totalTimeout", "is shorter than timeout, that of one attempt")
        }
        return timeouts
    }

    private static func templates(
        _ fields: inout JSONFields, _ name: String, _ errors: inout [FieldError]
    ) -> [Output] {
        guard let value = fields.raw(name), value != .null else { return [] }
        guard let members = value.members else {
            fields.fail(name, "expected an object, found \(value.kind)")
            return []
        }
        return members.map { member in
            let pointer = "\(fields.pointer(to: name))/\(JSON.pointerToken(member.name))"
            return Output(name: member.name, value: FlowTemplate(member.value, at: pointer, errors: &errors))
        }
    }
}
