import Model

extension FlowChecker {
    /// The mistakes of a step's `when`, each with its column.
    func condition(of step: FlowStep, _ pointer: String) -> [FieldError] {
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
        // A condition without names has the same value in every execution; one that throws is never true either.
        if mistakes.isEmpty, when.names.isEmpty, (try? when.holds { _ in nil }) != true {
            mistakes.append(FieldError(pointer: pointer, detail: "is never true, so that the step never runs"))
        }
        return mistakes
    }
}
