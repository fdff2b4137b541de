import Model

/// Names of steps that lead nowhere, or in a circle.
extension FlowDefinition {
    /// References to steps that do not exist, and of steps to themselves.
    var unknownNames: [FieldError] {
        let known = Set(steps.map(\.name))
        var errors: [FieldError] = []
        func check(_ name: String, _ pointer: String) {
            if name == "inputs" || known.contains(name) { return }
            errors.append(
                FieldError(
                    pointer: pointer,
                    detail: "there is no step \(name); there are \(known.sorted().listed)"))
        }
        func check(_ template: FlowTemplate, _ pointer: String) {
            for (place, reference) in template.places(at: pointer) { check(reference.root, place) }
        }
        for step in steps {
            let pointer = "/steps/\(step.name)"
            for field in step.with { check(field.value, "\(pointer)/with/\(JSON.pointerToken(field.name))") }
            for name in step.when?.names ?? [] { check(name, "\(pointer)/when") }
            for (index, name) in step.after.enumerated() {
                if name == "inputs" {
                    let detail = "names steps to wait for; inputs are always there"
                    errors.append(FieldError(pointer: "\(pointer)/after/\(index)", detail: detail))
                }
                check(name, "\(pointer)/after/\(index)")
            }
        }
        for output in outputs { check(output.value, "/outputs/\(JSON.pointerToken(output.name))") }
        return errors
    }

    /// Where many steps wait for one another there are very many circles.
    private static let mostCircles = 10

    /// A mistake for each of the first circles of steps that wait for one another.
    var circles: [FieldError] {
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
