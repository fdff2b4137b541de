import Model

extension FlowChecker {
    /// The mistakes of a template that stands where a value of this type is expected.
    func check(_ template: FlowTemplate, against type: FlowType, _ use: Use) -> [FieldError] {
        switch template {
        case .literal(let value): return type.mistakes(in: value, at: use.pointer)
        case .reference(let reference): return check(reference, against: type, use, isWithinText: false)
        case .text(let parts):
            guard FlowType.string.isAssignable(to: type) else {
                return [FieldError(pointer: use.pointer, detail: type.expected("text with ${…} in it"))]
            }
            return parts.flatMap { part -> [FieldError] in
                guard case .reference(let reference) = part else { return [] }
                return check(reference, against: .json, use, isWithinText: true)
            }
        case .list(let elements):
            guard let inner = type.element else {
                return [FieldError(pointer: use.pointer, detail: type.expected("an array"))]
            }
            return elements.enumerated().flatMap { index, element in
                check(element, against: inner, use.below("\(index)"))
            }
        case .object(let members): return check(members, against: type, use)
        }
    }

    private func check(_ members: [FlowTemplate.Member], against type: FlowType, _ use: Use) -> [FieldError] {
        var mistakes: [FieldError] = []
        switch type {
        case .json, .map, .metricSet: break
        case .lifecycle:
            if !members.contains(where: { $0.name == "uri" }) {
                mistakes.append(FieldError(pointer: use.pointer, detail: type.lacksURI))
            }
        default: return [FieldError(pointer: use.pointer, detail: type.expected("an object"))]
        }
        for member in members {
            let below = use.below(member.name)
            if let inner = type.field(member.name) {
                mistakes += check(member.value, against: inner, below)
            } else {
                mistakes.append(FieldError(pointer: below.pointer, detail: "\(type) has no field \(member.name)"))
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
        if found.isSecret, !use.takesSecrets { return mistake("\(path) is a secret, but this field takes none") }
        if reference.fallback == nil, let absent = found.absent(use.guarded) {
            return mistake(
                FlowChecker.absent(absent.first, "write \(path) ?? DEFAULT, or has(\(absent.last)) in the step's when"))
        }
        if isWithinText, !found.type.isScalar {
            return mistake("\(path) is \(found.type), which cannot be inserted into text")
        }
        guard found.type.isAssignable(to: type) else {
            return mistake("expected \(type), \(path) is \(found.type)")
        }
        if reference.fallback == .null, isWithinText || type != .json {
            return mistake("the default of \(path) is null, which is not allowed here")
        }
        if let fallback = reference.fallback,
            let wrong = type.mistake(in: fallback.json, at: use.pointer)
        {
            return mistake("the default of \(path): \(wrong.detail)")
        }
        return []
    }
}
