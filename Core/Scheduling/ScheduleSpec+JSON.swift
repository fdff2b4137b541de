package import Model

extension ScheduleSpec {
    /// Reads a schedule's document. Every mistake is reported at once, with its pointer; a schedule that would never run is
    /// a mistake too.
    ///
    /// - Parameters:
    ///   - ignoring: members that belong to the call and not to the schedule, such as `name` in an import.
    package init(
        json: JSON, identity: ScheduleIdentity, zones: ZoneCatalog, now: Timestamp, ignoring: Set<String> = []
    ) throws(FieldErrors) {
        var fields = JSONFields(json)
        var errors: [FieldError] = []
        var action: Action?
        if let value = fields.raw("action"), value != .null {
            action = Action(value, at: "/action", errors: &errors)
        } else if json.members != nil {
            errors.append(FieldError(pointer: "/action", detail: "is required: what to do"))
        }
        fields.add(errors)
        errors = []
        let timing = json.members == nil ? nil : Timing(&fields, identity: identity, zones: zones)
        if case .http = action, let timing, timing.overlap != .allow {
            fields.fail("overlap", "is for flow actions; an HTTP action has only allow")
        }
        var retry: RetryPolicy? = RetryPolicy()
        if let value = fields.raw("retry"), value != .null { retry = RetryPolicy(value, at: "/retry", errors: &errors) }
        fields.add(errors)
        let pauseAfter = fields.optional("pauseAfter", "a whole number from 1 to 1000: failures in a row") { value in
            value.int.flatMap { (1...1_000).contains($0) ? $0 : nil }
        }
        let onFailure = HTTPAction(failureCall: &fields)
        let paused = fields.optional("paused", "true or false", \.flag)
        for name in ignoring { _ = fields.raw(name) }
        fields.finish()
        if let timing { fields.add(RegistrationCheck(timing: timing, zones: zones, now: now).errors) }
        guard fields.errors.isEmpty, let action, let timing, let retry else { throw FieldErrors(fields.errors) }
        self.init(
            action: action, timing: timing, retry: retry, pauseAfter: pauseAfter, onFailure: onFailure, paused: paused)
    }

    /// The document that `init(json:…)` reads, with all defaults filled in and anchors resolved: equal documents are equal
    /// schedules. A pause is state and no part of it, so that it is written only when given.
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
