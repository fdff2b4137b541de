import Flows
import Model

extension MockBinding {
    /// The binding of a type of step in a case.
    static func of(_ contract: StepContract, in bindings: [String: MockBinding]) -> MockBinding {
        contract.name == "http" ? .http : bindings[contract.name] ?? .standard
    }

    /// Reads the fields, which are named as those of bindings are; nil if there is a mistake.
    init?(_ fields: inout JSONFields) {
        let range = FieldType.flowDuration(.seconds(1)...FlowCase.longest)
        let completion = fields.optional("completion", "response or callback") {
            $0.text.flatMap { FlowBinding.Completion(rawValue: $0) }
        }
        let cancel = fields.optional("cancel", "true, false or \"silence\"") { value -> Cancel? in
            value.text == "silence" ? .silence : value.flag.map { $0 ? .confirmed : .none }
        }
        let callTimeout = fields.optional(
            "callTimeout", .duration(.seconds(1)...FlowBinding.longestResponse).defaulting("30s"))
        let timeout = fields.optional("timeout", range)
        let startTimeout = fields.optional("startTimeout", range)
        let heartbeatTimeout = fields.optional("heartbeatTimeout", range)
        var (platform, timeouts): (RetryPolicy?, RetryPolicy?)
        if let retry = fields.raw("retry"), retry != .null {
            var inner = JSONFields(retry, at: fields.pointer(to: "retry"))
            platform = inner.object("platform") { RetryPolicy(&$0) }
            timeouts = inner.object("timeout") { RetryPolicy(&$0) }
            inner.finish()
            fields.add(inner.errors)
        }
        guard fields.errors.isEmpty else { return nil }
        self.init(
            completion: completion ?? .callback, cancel: cancel ?? .none, callTimeout: callTimeout ?? .seconds(30),
            timeout: timeout, startTimeout: startTimeout, heartbeatTimeout: heartbeatTimeout, platform: platform,
            timeouts: timeouts)
    }
}

extension CaseReader {
    /// The bindings of a case, by types of step.
    func bindings(_ fields: inout JSONFields) -> [String: MockBinding] {
        let members = fields.optional("bindings", "an object by types of step", \.members) ?? []
        let types = Set(plan.steps.map(\.contract.name)).subtracting(["http", "wait"])
        var bindings: [String: MockBinding] = [:]
        for member in members {
            var inner = JSONFields(
                member.value, at: "\(fields.pointer(to: "bindings"))/\(JSON.pointerToken(member.name))")
            if types.contains(member.name) {
                bindings[member.name] = MockBinding(&inner)
                inner.finish()
            } else {
                let known =
                    types.isEmpty ? "none of its steps has" : "its steps have \(types.sorted().joined(separator: ", "))"
                inner.add([
                    FieldError(pointer: inner.pointer, detail: "no step of the flow has this binding; \(known)")
                ])
            }
            fields.add(inner.errors)
        }
        return bindings
    }
}
