import Model

/// The faults that are set, and which of them meets a work. A rule with a tenant goes before one without.
struct FaultTable: Equatable, Sendable {
    /// More rules than this are refused.
    static let limit = 100

    private(set) var rules: [FaultRule] = []

    /// Sets a rule in place of the one for the same step and tenant. A normal one without a tenant takes away all rules
    /// of its step. False: there are too many.
    mutating func set(_ rule: FaultRule) -> Bool {
        if rule.fault == nil, rule.tenant == nil {
            rules.removeAll { $0.step == rule.step }
            return true
        }
        rules.removeAll { $0.step == rule.step && $0.tenant == rule.tenant }
        guard rule.fault != nil else { return true }
        guard rules.count < FaultTable.limit else { return false }
        rules.append(rule)
        return true
    }

    /// Whether a call is answered 503. Counts as one of the rule's times.
    mutating func refuses(_ step: ComputeStep, uris: [String]) -> Bool {
        guard let index = index(step, uris), rules[index].fault == .refuse else { return false }
        use(index)
        return true
    }

    /// What goes wrong with a new work. Counts as one of the rule's times.
    mutating func fault(_ step: ComputeStep, uris: [String]) -> Fault? {
        guard let index = index(step, uris) else { return nil }
        let fault = rules[index].fault
        use(index)
        return fault
    }

    private func index(_ step: ComputeStep, _ uris: [String]) -> Int? {
        rules.firstIndex { rule in
            rule.step == step && rule.tenant.map { tenant in uris.contains { $0.contains(tenant) } } == true
        } ?? rules.firstIndex { $0.step == step && $0.tenant == nil }
    }

    private mutating func use(_ index: Int) {
        guard let times = rules[index].times else { return }
        if times > 1 { rules[index].times = times - 1 } else { rules.remove(at: index) }
    }
}
