import Flows
import Model

/// Reads the mock of one step, and collects its mistakes.
struct MockReader {
    let contract: StepContract
    let completion: FlowBinding.Completion
    var errors: [FieldError] = []

    init(contract: StepContract, completion: FlowBinding.Completion) {
        self.contract = contract
        self.completion = completion
    }

    /// Reads one result, or `{"attempts": [results]}`; nil if there is a mistake.
    mutating func read(_ json: JSON, at pointer: String) -> StepMock? {
        guard json["attempts"] != nil else { return result(json, at: pointer).map { StepMock(results: [$0]) } }
        var fields = JSONFields(json, at: pointer)
        let attempts = fields.required("attempts", "a list of at least one result") { value in
            value.elements.flatMap { $0.isEmpty ? nil : $0 }
        }
        fields.finish()
        errors += fields.errors
        let results = (attempts ?? []).enumerated().compactMap { index, value in
            result(value, at: "\(pointer)/attempts/\(index)")
        }
        return errors.isEmpty ? StepMock(results: results) : nil
    }

    private static let ends = ["outputs", "status", "failed", "timeout", "silence"]

    private mutating func result(_ json: JSON, at pointer: String) -> MockResult? {
        if let word = json.text, ["timeout", "silence"].contains(word) {
            return result(.object([JSON.Member(word, true)]), at: pointer)
        }
        var fields = JSONFields(json, at: pointer)
        let range = FieldType.flowDuration(.zero...FlowCase.longest)
        let after = fields.optional("after", range)
        let reports = self.reports(&fields, range)
        var ends: [MockResult.End] = []
        let isUnchecked = fields.optional("unchecked", .flag) ?? false
        if let outputs = fields.raw("outputs") {
            if !isUnchecked { fields.add(mistakes(in: outputs, at: fields.pointer(to: "outputs"))) }
            ends.append(.outputs(outputs))
        }
        let retryAfter = fields.optional("retryAfter", range)
        let status = FieldType.integer(300...599, "a status that is no success")
        if fields.raw("status") != nil {
            ends.append(.status(fields.required("status", status) ?? 500, retryAfter: retryAfter))
        }
        if let failure = failure(&fields) { ends.append(.failed(failure)) }
        if fields.optional("timeout", .flag) == true {
            ends.append(.failed(StepFailure(.timeout, "the call timed out")))
        }
        if fields.optional("silence", .flag) == true { ends.append(.silence) }
        fields.finish()
        errors += fields.errors
        guard ends.count == 1 || !fields.errors.isEmpty else {
            let detail = "needs exactly one of \(MockReader.ends.joined(separator: ", "))"
            errors.append(FieldError(pointer: pointer, detail: detail))
            return nil
        }
        guard fields.errors.isEmpty else { return nil }
        return MockResult(end: ends[0], after: after ?? .zero, reports: reports)
    }

    private func reports(_ fields: inout JSONFields, _ range: FieldType<Duration>) -> [MockResult.Report] {
        guard let values = fields.optional("reports", "a list", \.elements) else { return [] }
        if completion == .response {
            fields.fail(
                "reports",
                "\(contract.name) completes by its response with this binding, so that it sends no reports; leave them out"
            )
        }
        return values.enumerated().compactMap { index, value in
            var inner = JSONFields(value, at: "\(fields.pointer(to: "reports"))/\(index)")
            let after = inner.required("after", range)
            let metrics = inner.raw("metrics")
            inner.finish()
            fields.add(inner.errors)
            return after.map { MockResult.Report(after: $0, metrics: metrics) }
        }
    }

    private func failure(_ fields: inout JSONFields) -> StepFailure? {
        guard fields.raw("failed") != nil else { return nil }
        return fields.object("failed") { inner -> StepFailure? in
            let kind = inner.required("class", .choice(StepFailure.Kind.self))
            let message = inner.optional("message", "a string", \.text)
            return kind.map { StepFailure($0, message ?? "no message") }
        }
    }

    /// How outputs differ from the contract.
    private func mistakes(in outputs: JSON, at pointer: String) -> [FieldError] {
        guard let members = outputs.members else {
            return [FieldError(pointer: pointer, detail: "expected an object, found \(outputs.kind)")]
        }
        var mistakes: [FieldError] = []
        for (name, field) in contract.outputs.sorted(by: { $0.key < $1.key }) {
            if let value = outputs[name], value != .null {
                mistakes += field.type.mistake(in: value, at: "\(pointer)/\(name)").map { [$0] } ?? []
            } else if !field.isOptional {
                mistakes.append(FieldError(pointer: pointer, detail: "\(name), a \(field.type), is missing"))
            }
        }
        for member in members where contract.outputs[member.name] == nil {
            let known = contract.outputs.keys.sorted().joined(separator: ", ")
            mistakes.append(
                FieldError(
                    pointer: "\(pointer)/\(JSON.pointerToken(member.name))",
                    detail: "\(contract.name) has no such output; it has \(known)"))
        }
        guard mistakes.isEmpty else { return mistakes }
        do throws(StepFailure) {
            // Sizes, and what cannot be stored.
            _ = try StepOutputs(checking: outputs, against: contract)
            return []
        } catch {
            return [FieldError(pointer: pointer, detail: error.message)]
        }
    }
}
