package import Model

extension ScheduleSpec {
    /// Reads a schedule's document. Every mistake is reported at once, with its pointer; a schedule that would never
    /// run is a mistake too.
    ///
    /// - Parameter ignoring: members that belong to the call and not to the schedule, such as `name` in an import.
    package init(
        json: JSON, identity: ScheduleIdentity, zones: ZoneCatalog, now: Timestamp, ignoring: Set<String> = []
    ) throws(FieldErrors) {
        var fields = JSONFields(json)
        if json.members == nil { throw FieldErrors(fields.errors) }
        var timing: Timing?
        let spec = ScheduleSpec(&fields, identity: identity, zones: zones, timing: &timing)
        for name in ignoring { _ = fields.raw(name) }
        fields.finish()
        if let timing { fields.add(RegistrationCheck(timing: timing, zones: zones, now: now).errors) }
        guard fields.errors.isEmpty, let spec else { throw FieldErrors(fields.errors) }
        self = spec
    }

    /// Reads the fields. The schedule is nil if there is a mistake; the timing may be there all the same.
    private init?(_ fields: inout JSONFields, identity: ScheduleIdentity, zones: ZoneCatalog, timing: inout Timing?) {
        let action = fields.object("action", isRequired: true, "what to do") { Action(&$0) }
        timing = Timing(&fields, identity: identity, zones: zones)
        if case .http = action, let timing, timing.overlap != .allow {
            fields.fail("overlap", "is for flow actions; an HTTP action has only allow")
        }
        let retry = fields.object("retry") { RetryPolicy(&$0) }
        let pauseAfter = fields.optional("pauseAfter", .integer(1...1_000, "failures in a row, a whole number"))
        let onFailure = HTTPAction(failureCall: &fields)
        let paused = fields.optional("paused", .flag)
        guard fields.errors.isEmpty, let action, let timing else { return nil }
        self.init(
            action: action, timing: timing, retry: retry ?? RetryPolicy(), pauseAfter: pauseAfter, onFailure: onFailure,
            paused: paused)
    }

    /// The JSON Schema of the document that `init(json:…)` reads.
    package static func schema() -> JSON {
        JSONFields.schema { fields in
            var timing: Timing?
            let identity = ScheduleIdentity(tenant: TenantID(checked: "any"), name: ScheduleName(checked: "any"))
            _ = ScheduleSpec(&fields, identity: identity, zones: ZoneCatalog(load: { _ in nil }), timing: &timing)
        }
    }

    /// The document that `init(json:…)` reads, with all defaults filled in and anchors resolved: equal documents are
    /// equal schedules. A pause is state and no part of the schedule, so it is written only if given.
    package func json(paused: Bool? = nil) -> JSON {
        var members = [JSON.Member("action", action.json)]
        members += timing.jsonMembers
        members.append(JSON.Member("retry", retry.json))
        members.append(JSON.Member("pauseAfter", .optional(pauseAfter) { .integer($0) }))
        members.append(JSON.Member("onFailure", .optional(onFailure) { ["http": $0.json] }))
        if let paused { members.append(JSON.Member("paused", .bool(paused))) }
        return .object(members)
    }
}
