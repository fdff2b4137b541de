package import Model

extension FlowDefinition {
    /// Reads a definition; throws all mistakes together, each with its pointer.
    ///
    /// Checked are the form, names, references to steps and inputs, and that no steps wait for one another in a circle.
    /// What the contracts say is checked by `FlowChecker`.
    package init(_ json: JSON) throws(FieldErrors) {
        var fields = JSONFields(json)
        let inputs = FlowDefinition.inputs(&fields)
        let steps = FlowDefinition.steps(&fields)
        var errors: [FieldError] = []
        let outputs = FlowDefinition.templates(&fields, "outputs", &errors)
        let onFailure = fields.object("onFailure") { inner in
            inner.required("flow", .name(.schedule, "a flow's name"))
        }
        let timeout = fields.optional("timeout", .duration(.seconds(1)...FlowDefinition.longest))
        if fields.raw("then") != nil { fields.fail("then", "the next generation of a flow is not supported yet") }
        fields.finish()
        errors = fields.errors + errors
        guard errors.isEmpty else { throw FieldErrors(errors) }
        self.init(inputs: inputs, steps: steps, outputs: outputs, onFailure: onFailure, timeout: timeout)
        errors = unknownNames + circles
        guard errors.isEmpty else { throw FieldErrors(errors) }
    }

    private static let longest = Duration.seconds(3_660 * 86_400)

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
            if let input = input(member, pointer, &errors) { inputs.append(input) }
            fields.add(errors)
        }
        return inputs
    }

    private static func input(_ member: JSON.Member, _ pointer: String, _ errors: inout [FieldError]) -> Input? {
        let isShort = member.value.text != nil
        var fields = JSONFields(isShort ? ["type": member.value] : member.value, at: pointer)
        let type = fields.required("type", "one of \(FlowType.names)") { $0.text.flatMap { FlowType($0) } }
        let isOptional = fields.optional("optional", .flag) ?? false
        let isSecret = fields.optional("secret", .flag) ?? false
        let standard = fields.raw("default")
        fields.finish()
        if let standard, let mistake = type?.mistake(in: standard, at: fields.pointer(to: "default")) {
            fields.add([mistake])
        }
        if standard != nil, isSecret {
            fields.fail("default", "a secret has no default: it would stand in the definition")
        }
        // In the short form the type is the field itself.
        errors += fields.errors.map { isShort ? FieldError(pointer: pointer, detail: $0.detail) : $0 }
        guard fields.errors.isEmpty, let type else { return nil }
        return Input(
            name: member.name, type: type,
            standard: standard.map { value in
                // 5.0 is whole, too.
                type == .integer ? value.int.map { .int(Int64($0)) } ?? ExpressionValue(value) : ExpressionValue(value)
            }, isOptional: isOptional,
            isSecret: isSecret)
    }

    // MARK: Steps

    private static func steps(_ fields: inout JSONFields) -> [FlowStep] {
        guard let members = fields.required("steps", "an object of steps", \.members) else { return [] }
        guard (1...mostSteps).contains(members.count) else {
            fields.fail("steps", "there are \(members.count); a flow has 1 to \(mostSteps)")
            return []
        }
        var steps: [FlowStep] = []
        for member in members {
            let pointer = "\(fields.pointer(to: "steps"))/\(JSON.pointerToken(member.name))"
            if let mistake = mistake(inName: member.name, "a step's name") {
                fields.add([FieldError(pointer: pointer, detail: mistake)])
            }
            var inner = JSONFields(member.value, at: pointer)
            let step = step(member.name, &inner)
            inner.finish()
            fields.add(inner.errors)
            if let step { steps.append(step) }
        }
        return steps
    }

    private static func step(_ name: String, _ fields: inout JSONFields) -> FlowStep? {
        let type = fields.required("type", .text(1...200, "a type of step"))
        if let type, StepContract.reserved.contains(type) {
            fields.fail("type", "steps of the type \(type) are not supported yet")
        }
        let when = fields.optional("when", .text(1...Expression.longestText, "a condition")).flatMap { text in
            condition(text, &fields)
        }
        var errors: [FieldError] = []
        let with = templates(&fields, "with", &errors)
        let after = fields.optional("after", "a list of steps") { value in
            value.elements.flatMap { elements in
                let names = elements.compactMap(\.text)
                return names.count == elements.count ? names : nil
            }
        }
        let timeouts = timeouts(&fields)
        let retry = fields.object("retry") { RetryPolicy(&$0) }
        let onError = fields.optional("onError", "fail or continue") {
            $0.text.flatMap { FlowStep.OnError(rawValue: $0) }
        }
        fields.add(errors)
        guard fields.errors.isEmpty, let type else { return nil }
        return FlowStep(
            name: name, type: type, when: when, with: with, after: after ?? [], onError: onError ?? .fail, retry: retry,
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
        let range = FieldType.duration(.seconds(1)...longest)
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

    // MARK: The graph

    /// References to steps that do not exist, and of steps to themselves.
    private var unknownNames: [FieldError] {
        let known = Set(steps.map(\.name))
        var errors: [FieldError] = []
        func check(_ name: String, _ pointer: String) {
            if name == "inputs" || known.contains(name) { return }
            errors.append(
                FieldError(
                    pointer: pointer,
                    detail: "there is no step \(name); there are \(known.sorted().listed)"))
        }
        for step in steps {
            let pointer = "/steps/\(step.name)"
            for field in step.with {
                for reference in field.value.references {
                    check(reference.root, "\(pointer)/with/\(JSON.pointerToken(field.name))")
                }
            }
            for name in step.when?.names ?? [] { check(name, "\(pointer)/when") }
            for (index, name) in step.after.enumerated() {
                if name == "inputs" {
                    let detail = "names steps to wait for; inputs are always there"
                    errors.append(FieldError(pointer: "\(pointer)/after/\(index)", detail: detail))
                }
                check(name, "\(pointer)/after/\(index)")
            }
        }
        for output in outputs {
            for reference in output.value.references {
                check(reference.root, "/outputs/\(JSON.pointerToken(output.name))")
            }
        }
        return errors
    }

    /// Where many steps wait for one another there are very many circles.
    private static let mostCircles = 10

    /// A mistake for each of the first circles of steps that wait for one another.
    private var circles: [FieldError] {
        var errors: [FieldError] = []
        var done: Set<String> = []
        for start in steps where !done.contains(start.name) && errors.count < FlowDefinition.mostCircles {
            var path: [String] = []
            visit(start.name, &path, &done, &errors)
        }
        return errors
    }

    private func visit(_ name: String, _ path: inout [String], _ done: inout Set<String>, _ errors: inout [FieldError])
    {
        if errors.count == FlowDefinition.mostCircles { return }
        if let place = path.firstIndex(of: name) {
            let circle = (path[place...] + [name]).joined(separator: " → ")
            errors.append(FieldError(pointer: "/steps/\(name)", detail: "waits for itself: \(circle)"))
            return
        }
        guard !done.contains(name), let step = step(name) else { return }
        path.append(name)
        for dependency in step.dependencies { visit(dependency, &path, &done, &errors) }
        path.removeLast()
        done.insert(name)
    }
}
