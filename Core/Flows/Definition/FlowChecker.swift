package import Model

/// Checks a flow against the contracts of its steps: every type, everything that may be absent, secrets. Finds all
/// mistakes at once.
package struct FlowChecker {
    private let definition: FlowDefinition
    private let contracts: [String: StepContract]
    let names: FlowNames

    /// A checker with Headgate's own contracts, unless given.
    package init(_ definition: FlowDefinition, contracts: [StepContract] = StepContract.builtIn) {
        self.definition = definition
        self.contracts = Dictionary(contracts.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
        names = FlowNames(definition, contracts: self.contracts)
    }

    /// In the order of the definition, each with its pointer and what would mend it; at most a hundred.
    package var mistakes: [FieldError] { allMistakes.bounded }

    /// All mistakes of a document: those of its form, and those of types in what can be read of it.
    package static func mistakes(in json: JSON, contracts: [StepContract] = StepContract.builtIn) -> [FieldError] {
        var form: [FieldError] = []
        guard let definition = FlowDefinition(reading: json, &form) else { return form.bounded }
        let types = FlowChecker(definition, contracts: contracts).allMistakes
        if form.isEmpty { return types.bounded }
        let places = Set(form.map(\.pointer))
        // What could not be read is not of the wrong type as well.
        return (form + types.filter { !$0.pointer.isWithin(places) }).bounded
    }

    private var allMistakes: [FieldError] {
        var mistakes: [FieldError] = []
        for step in definition.steps { mistakes += self.mistakes(of: step) }
        for output in definition.outputs {
            let use = Use(pointer: "/outputs/\(JSON.pointerToken(output.name))", guarded: [], takesSecrets: false)
            mistakes += check(output.value, against: .json, use)
        }
        return mistakes
    }

    /// Where a template stands.
    struct Use {
        var pointer: String
        /// Paths that the step's `when` guards with `has(…)`.
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
        let pointer = "/steps/\(JSON.pointerToken(step.name))"
        var mistakes = condition(of: step, "\(pointer)/when")
        let contract = contracts[step.type]
        if let contract {
            mistakes += missingInputs(of: step, contract, "\(pointer)/with")
        } else {
            let known = contracts.keys.sorted().joined(separator: ", ")
            let detail = "unknown step type \(step.type); known types: \(known)"
            mistakes.append(FieldError(pointer: "\(pointer)/type", detail: detail))
        }
        let guarded = step.when?.guarded ?? []
        for field in step.with {
            let place = "\(pointer)/with/\(JSON.pointerToken(field.name))"
            let known = contract?.inputs[field.name]
            if let contract, known == nil, !contract.takesParameters {
                let names = contract.inputs.keys.sorted().joined(separator: ", ")
                mistakes.append(FieldError(pointer: place, detail: "unknown input; \(step.type) takes \(names)"))
                continue
            }
            let use = Use(pointer: place, guarded: guarded, takesSecrets: known?.isSecret ?? (contract == nil))
            mistakes += check(field.value, against: known?.type ?? .json, use)
            if step.type == "http" { mistakes += FlowChecker.callMistakes(in: field.value, field.name, place) }
        }
        return mistakes
    }

    /// What is written out of a call, and would fail every attempt.
    private static func callMistakes(in template: FlowTemplate, _ name: String, _ pointer: String) -> [FieldError] {
        func mistakes(_ detail: String?) -> [FieldError] {
            detail.map { [FieldError(pointer: pointer, detail: $0)] } ?? []
        }
        switch (name, template) {
        case ("url", .literal(.string(let text))): return mistakes(HTTPTarget.mistake(in: text))
        case ("method", .literal(.string(let text))):
            guard !HTTPAction.methods.contains(text.uppercased()) else { return [] }
            return mistakes("expected one of \(HTTPAction.methods.joined(separator: ", ")), found \(text)")
        case ("headers", .literal(.object(let members))):
            return members.flatMap { headerMistakes(in: $0.name, value: $0.value.text, pointer) }
        case ("headers", .object(let members)):
            return members.flatMap { member -> [FieldError] in
                guard case .literal(let value) = member.value else {
                    return headerMistakes(in: member.name, value: nil, pointer)
                }
                return headerMistakes(in: member.name, value: value.text, pointer)
            }
        default: return []
        }
    }

    private static func headerMistakes(in name: String, value: String?, _ pointer: String) -> [FieldError] {
        let detail = HTTPHeaderRule.mistake(inName: name) ?? value.flatMap { HTTPHeaderRule.mistake(inValue: $0) }
        return detail.map { [FieldError(pointer: "\(pointer)/\(JSON.pointerToken(name))", detail: $0)] } ?? []
    }

    private func missingInputs(of step: FlowStep, _ contract: StepContract, _ pointer: String) -> [FieldError] {
        let given = Set(step.with.map(\.name))
        let missing = contract.inputs.sorted { $0.key < $1.key }.filter { !$1.isOptional && !given.contains($0) }
        var mistakes = missing.map { FieldError(pointer: pointer, detail: "needs \($0) of type \($1.type)") }
        if step.type == "wait", given.intersection(["for", "until"]).count != 1 {
            mistakes.append(FieldError(pointer: pointer, detail: "needs exactly one of for and until"))
        }
        return mistakes
    }

    static func absent(_ path: ExpressionPath, _ advice: String) -> String {
        "\(path) may be absent, because its step may be skipped or fail, or because it is optional: \(advice)"
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
    func absent(_ guarded: Set<ExpressionPath>) -> (first: ExpressionPath, last: ExpressionPath)? {
        // has(a.b.c) is only true where a.b is there, too.
        let open = mayBeAbsent.filter { part in !guarded.contains { $0.begins(with: part) } }
        return open.first.flatMap { first in open.last.map { (first, $0) } }
    }
}

extension [FieldError] {
    private static var most: Int { 100 }

    /// The first hundred, and how many more there are.
    var bounded: [FieldError] {
        let more = count - [FieldError].most
        guard more > 0 else { return self }
        let detail = more == 1 ? "there is 1 more mistake" : "there are \(more) more mistakes"
        return prefix([FieldError].most) + [FieldError(pointer: "", detail: detail)]
    }
}

extension String {
    /// Whether this pointer is one of those, or of a part of what it points to. A step is no such whole: it is read
    /// although its name is wrong.
    fileprivate func isWithin(_ pointers: Set<String>) -> Bool {
        var rest = self[...]
        while let slash = rest.lastIndex(of: "/") {
            let isStep = rest.hasPrefix("/steps/") && rest.count { $0 == "/" } == 2
            if !isStep, pointers.contains(String(rest)) { return true }
            rest = rest[..<slash]
        }
        return false
    }
}
