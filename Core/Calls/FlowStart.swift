package import Model

/// A trigger's request to start a flow, which trigger-workers send to the API (protocols.md, 10).
package struct FlowStart: Hashable, Sendable {
    /// The trigger's id, which is also the execution's.
    package var trigger: TriggerID
    package var tenant: TenantID
    package var flow: FlowAction

    /// A request of these parts.
    package init(trigger: TriggerID, tenant: TenantID, flow: FlowAction) {
        self.trigger = trigger
        self.tenant = tenant
        self.flow = flow
    }

    /// The maximum number of starts in one call of the API.
    package static let most = 100

    /// As an element of the request's list.
    package var json: JSON {
        ["trigger": .string("\(trigger)"), "tenant": .string("\(tenant)"), "flow": flow.json]
    }

    /// Reads `json`; nil if there is a mistake.
    package init?(_ fields: inout JSONFields) {
        let trigger = fields.required("trigger", "a trigger's id") { $0.text.flatMap { TriggerID($0) } }
        let tenant = fields.required("tenant", "a tenant") { $0.text.flatMap { TenantID($0) } }
        let flow = fields.object("flow", isRequired: true, "the flow to start") { FlowAction(&$0) }
        guard fields.errors.isEmpty, let trigger, let tenant, let flow else { return nil }
        self.init(trigger: trigger, tenant: tenant, flow: flow)
    }

    /// What became of a start.
    package enum Result: Hashable, Sendable {
        /// It runs, or waits for its turn.
        case started
        /// Another run of the schedule is under way.
        case skipped(String)
        /// There is no such flow, or its input is wrong: trying again changes nothing.
        case rejected(String)
        /// Not now; no attempt is charged.
        case later(String)

        /// As an element of the answer's list.
        package var json: JSON {
            switch self {
            case .started: ["result": "started"]
            case .skipped(let reason): ["result": "skipped", "reason": .string(reason)]
            case .rejected(let reason): ["result": "rejected", "reason": .string(reason)]
            case .later(let reason): ["result": "later", "reason": .string(reason)]
            }
        }

        /// Reads `json`; nil: it is none.
        package init?(_ json: JSON) {
            let reason = json["reason"]?.text ?? ""
            switch json["result"]?.text {
            case "started": self = .started
            case "skipped": self = .skipped(reason)
            case "rejected": self = .rejected(reason)
            case "later": self = .later(reason)
            default: return nil
            }
        }
    }
}
