package import Model

/// Checks a flow against the contracts of its steps: every type, everything that may be absent, secrets. Finds all
/// mistakes at once.
package struct FlowChecker {
    private let definition: FlowDefinition
    private let contracts: [String: StepContract]
    private let names: FlowNames

    /// A checker with Headgate's own contracts, unless given.
    package init(_ definition: FlowDefinition, contracts: [StepContract] = StepContract.builtIn) {
        self.definition = definition
        self.contracts = Dictionary(contracts.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
        names = FlowNames(definition, contracts: self.contracts)
    }

    /// In the order of the definition, each with its pointer and what would mend it.
    package var mistakes: [FieldError] {
        var mistakes: [FieldError] = []
        for step in definition.steps { mistakes += self.mistakes(of: step) }
        for output in definition.outputs {
            let use = Use(pointer: "/outputs/\(JSON.pointerToken(output.name))", guarded: [], takesSecrets: false)
            mistakes += check(output.value, against: .json, use)
        }
        return mistakes
    }

    /// Where a template stands.
    private struct Use {
        var pointer: String
        /// Paths of which the step's `when` asks by `has()` whether they are there.
        var guarded: Set<ExpressionPath>
        var takesSecrets: Bool

        func below(_ name: String) -> Use {
            var copy = self
            copy.pointer += "/\(JSON.pointerToken(name))"
            return copy
        }
    }

    // MARK: Steps

    private func mistakes(of step: FlowStep) -> [FieldError] {
        let pointer = "/steps/\(step.name)"
        guard let contract = contracts[step.type] else {
            let known = contracts.keys.sorted().joined(separator: ", ")
            return [
                FieldError(
                    pointer: "\(pointer)/type", detail: "there is no type of step \(step.type); there are \(known)")
            ]
        }
        var mistakes = condition(of: step, "\(pointer)/when")
        let given = Set(step.with.map(\.name))
        for (name, field) in contract.inputs.sorted(by: { $0.key < $1.key })
        where !field.isOptional && !given.contains(name) {
            mistakes.append(FieldError(pointer: "\(pointer)/with", detail: "needs \(name), a \(field.type)"))
        }
        let guarded = step.when?.guarded ?? []
        for field in step.with {
            let place = "\(pointer)/with/\(JSON.pointerToken(field.name))"
            let known = contract.inputs[field.name]
            guard known != nil || contract.takesParameters else {
                let names = contract.inputs.keys.sorted().joined(separator: ", ")
                mistakes.append(FieldError(pointer: place, detail: "\(step.type) takes \(names)"))
                continue
            }
            let use = Use(pointer: place, guarded: guarded, takesSecrets: known?.isSecret ?? false)
            mistakes += check(field.value, against: known?.type ?? .json, use)
        }
        if step.type == "wait", given.intersection(["for", "until"]).count != 1 {
            mistakes.append(FieldError(pointer: "\(pointer)/with", detail: "needs either for or until"))
        }
        return mistakes
    }

    private func condition(of step: FlowStep, _ pointer: String) -> [FieldError] {
        guard let when = step.when else { return [] }
        func mistake(_ column: Int, _ detail: String) -> FieldError {
            FieldError(pointer: pointer, detail: "column \(column): \(detail)")
        }
        var mistakes: [FieldError] = []
        for asked in when.askedPaths {
            do throws(FlowNames.Mistake) { _ = try names.resolve(asked.node) } catch {
                mistakes.append(mistake(error.column, error.description))
            }
        }
        let guarded = when.guarded
        for read in when.paths {
            do throws(FlowNames.Mistake) {
                let found = try names.resolve(read.node)
                if found.isSecret { mistakes.append(mistake(read.node.start, "\(read.path) is a secret")) }
                if let absent = found.absent(guarded) {
                    let detail = FlowChecker.absent(absent.first, "write has(\(absent.last)) && before it")
                    mistakes.append(mistake(read.node.start, detail))
                }
            } catch {
                mistakes.append(mistake(error.column, error.description))
            }
        }
        mistakes += ConditionTyper(when, names).mistakes.map { mistake($0.column, $0.detail) }
        // What names nothing is the same in every execution. One that fails is never true either.
        if mistakes.isEmpty, when.names.isEmpty, (try? when.holds { _ in nil }) != true {
            mistakes.append(FieldError(pointer: pointer, detail: "is never true, so that the step never runs"))
        }
        return mistakes
    }

    private static func absent(_ path: ExpressionPath, _ advice: String) -> String {
        "\(path) may be absent, because its step may be skipped or fail, or because it is optional: \(advice)"
    }

    // MARK: Templates

    private func check(_ template: FlowTemplate, against type: FlowType, _ use: Use) -> [FieldError] {
        switch template {
        case .literal(let value): return type.mistake(in: value, at: use.pointer).map { [$0] } ?? []
        case .reference(let reference): return check(reference, against: type, use, isWithinText: false)
        case .text(let parts):
            guard FlowType.string.isAssignable(to: type) else {
                return [FieldError(pointer: use.pointer, detail: "expected a \(type), found text with ${…} in it")]
            }
            return parts.flatMap { part -> [FieldError] in
                guard case .reference(let reference) = part else { return [] }
                return check(reference, against: .json, use, isWithinText: true)
            }
        case .list(let elements):
            guard let inner = type.element else {
                return [FieldError(pointer: use.pointer, detail: "expected a \(type), found a list")]
            }
            return elements.enumerated().flatMap { index, element in
                check(element, against: inner, use.below("\(index)"))
            }
        case .object(let members): return check(members, against: type, use)
        }
    }

    private func check(_ members: [FlowTemplate.Member], against type: FlowType, _ use: Use) -> [FieldError] {
        var mistakes: [FieldError] = []
        if case .lifecycle = type, !members.contains(where: { $0.name == "uri" }) {
            mistakes.append(FieldError(pointer: use.pointer, detail: "a \(type) needs a uri"))
        }
        for member in members {
            let below = use.below(member.name)
            if let inner = type.field(member.name) {
                mistakes += check(member.value, against: inner, below)
            } else {
                mistakes.append(FieldError(pointer: below.pointer, detail: "a \(type) has no field \(member.name)"))
            }
        }
        return mistakes
    }

    private func check(
        _ reference: FlowReference, against type: FlowType, _ use: Use, isWithinText: Bool
    ) -> [FieldError] {
        func mistake(_ detail: String) -> [FieldError] { [FieldError(pointer: use.pointer, detail: detail)] }
        // What is read as a reference is a path.
        guard let path = ExpressionPath(reference.path.root) else { return mistake("\(reference) is no path") }
        let found: FlowNames.Found
        do throws(FlowNames.Mistake) { found = try names.resolve(reference.path.root) } catch {
            return mistake(error.description)
        }
        if found.isSecret, !use.takesSecrets { return mistake("\(path) is a secret, and this field is none") }
        if reference.fallback == nil, let absent = found.absent(use.guarded) {
            return mistake(
                FlowChecker.absent(absent.first, "write \(path) ?? DEFAULT, or has(\(absent.last)) in the step's when"))
        }
        if isWithinText, !found.type.isScalar {
            return mistake("\(path) is a \(found.type), which cannot stand within text")
        }
        guard found.type.isAssignable(to: type) else {
            return mistake("expected a \(type), \(path) is a \(found.type)")
        }
        if reference.fallback == .null, isWithinText || type != .json {
            return mistake("the default of \(path) is null, which cannot stand here")
        }
        if let fallback = reference.fallback,
            let wrong = type.mistake(in: fallback.json, at: use.pointer)
        {
            return mistake("the default of \(path): \(wrong.detail)")
        }
        return []
    }
}

extension [String] {
    /// The first ten, for messages.
    var listed: String {
        prefix(10).joined(separator: ", ") + (count > 10 ? " and \(count - 10) more" : "")
    }
}

extension FlowNames.Found {
    /// The first and the last part of the path that may be absent although these paths are there; nil: there is none.
    fileprivate func absent(_ guarded: Set<ExpressionPath>) -> (first: ExpressionPath, last: ExpressionPath)? {
        // has(a.b.c) is only true where a.b is there, too.
        let open = mayBeAbsent.filter { part in !guarded.contains { $0.begins(with: part) } }
        return open.first.flatMap { first in open.last.map { (first, $0) } }
    }
}
