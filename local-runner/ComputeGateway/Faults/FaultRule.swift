import Model

/// One `PUT /behavior`: which works it is about, and what goes wrong with them.
struct FaultRule: Equatable, Sendable {
    var step: ComputeStep
    /// A text that must occur in a URI of the inputs; nil: any work of the step.
    var tenant: String?
    /// Nil: nothing goes wrong any more.
    var fault: Fault?
    /// How many works it still is about; nil: all.
    var times: Int?

    /// Reads the body of `PUT /behavior`; throws the mistakes.
    init(_ body: JSON) throws(FieldErrors) {
        var fields = JSONFields(body)
        let step = fields.required("step", "one of \(ComputeStep.names)") { $0.text.flatMap(ComputeStep.init) }
        let tenant = fields.optional("tenant", "a text that occurs in a URI") {
            $0.text.flatMap { $0.isEmpty ? nil : $0 }
        }
        let times = fields.optional("times", "a whole number from 1 to 1000000") { value in
            value.int.flatMap { (1...1_000_000).contains($0) ? $0 : nil }
        }
        let delay = fields.optional("delay", "a duration from 0s to 1d, such as \"5s\"") { value in
            value.text.flatMap { Duration(text: $0) }.flatMap { $0 <= .seconds(86_400) ? $0 : nil }
        }
        let modes = "one of slow, fail, twice, vanish, refuse, normal"
        let fault = fields.required("mode", modes) { FaultRule.fault($0.text, delay ?? .seconds(5)) }
        fields.finish()
        guard fields.errors.isEmpty, let step, let fault else { throw FieldErrors(fields.errors) }
        self.init(step: step, tenant: tenant, fault: fault.value, times: times)
    }

    init(step: ComputeStep, tenant: String? = nil, fault: Fault?, times: Int? = nil) {
        self.step = step
        self.tenant = tenant
        self.fault = fault
        self.times = times
    }

    /// As `GET /behavior` shows it.
    var json: JSON {
        var members: [JSON.Member] = [
            .init("step", .string(step.rawValue)), .init("mode", .string(fault?.mode ?? "normal")),
        ]
        if let tenant { members.append(.init("tenant", .string(tenant))) }
        if let times { members.append(.init("times", .integer(times))) }
        if case .slow(let delay) = fault { members.append(.init("delay", .string(delay.text))) }
        return .object(members)
    }

    /// Nil: there is no such mode. A mode without a fault is normal.
    private static func fault(_ mode: String?, _ delay: Duration) -> (value: Fault?, mode: String)? {
        guard let mode else { return nil }
        switch mode {
        case "slow": return (.slow(delay), mode)
        case "fail": return (.fail, mode)
        case "twice": return (.twice, mode)
        case "vanish": return (.vanish, mode)
        case "refuse": return (.refuse, mode)
        case "normal": return (nil, mode)
        default: return nil
        }
    }
}
