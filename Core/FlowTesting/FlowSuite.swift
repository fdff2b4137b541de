package import Flows
package import Model

/// The cases of one file with the flow that they are about, ready to run.
package struct FlowSuite: Sendable {
    package let plan: FlowPlan
    /// In the order of the file.
    package let cases: [FlowCase]

    /// Reads the cases of a file.
    ///
    /// Throws all mistakes together, each with its pointer into the file: unknown fields and steps, inputs and outputs
    /// that do not fit.
    package init(_ file: FlowCaseFile, plan: FlowPlan) throws(FieldErrors) {
        var errors: [FieldError] = []
        var cases: [FlowCase] = []
        var names: Set<String> = []
        for (index, json) in file.cases.enumerated() {
            let pointer = "/cases/\(index)"
            var reader = CaseReader(plan: plan)
            guard let flowCase = reader.read(json, at: pointer) else {
                errors += reader.errors
                continue
            }
            if !names.insert(flowCase.name).inserted {
                errors.append(FieldError(pointer: "\(pointer)/name", detail: "another case has this name"))
            }
            cases.append(flowCase)
        }
        guard errors.isEmpty else { throw FieldErrors(errors) }
        self.plan = plan
        self.cases = cases
    }

    /// Runs all cases, in order.
    ///
    /// - Parameter mostTransitions: beyond so many events a case is given up.
    package func run(mostTransitions: Int = FlowCase.mostTransitions) -> [FlowCaseResult] {
        cases.map { CaseRun.result(of: $0, plan, mostTransitions: mostTransitions) }
    }
}

extension FlowPlan {
    /// A definition with all its checks passed, as when it is published; throws all mistakes together.
    ///
    /// - Parameter pointer: where the definition is in its document; `""`: it is the document.
    package init(checking json: JSON, at pointer: String = "") throws(FieldErrors) {
        let definition: FlowDefinition
        do throws(FieldErrors) {
            definition = try FlowDefinition(json)
        } catch {
            throw FieldErrors(error.errors.map { FieldError(pointer: pointer + $0.pointer, detail: $0.detail) })
        }
        let mistakes = FlowChecker(definition).mistakes.map {
            FieldError(pointer: pointer + $0.pointer, detail: $0.detail)
        }
        guard mistakes.isEmpty else { throw FieldErrors(mistakes) }
        guard let plan = FlowPlan(definition) else { preconditionFailure("a checked flow has an unknown contract") }
        self = plan
    }
}
