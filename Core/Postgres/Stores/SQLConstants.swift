import Model
import Store

/// The states, kinds and reasons that SQL compares with, by the names that stand for them in its text: `${state.queued}`,
/// `${schedule.paused}`, `${kind.backfill}`, `${reason.superseded}`.
///
/// They become numbers and literals when a statement is made. They are not parameters, because the planner must know
/// them to estimate how many rows there are.
package enum SQLConstants {
    /// What each name stands for.
    package static let values: [String: String] = {
        var values = ["state.final": "\(TriggerState.allCases.filter(\.isFinal).map(\.rawValue).min()!)"]
        for state in TriggerState.allCases { values["state.\(state)"] = "\(state.rawValue)" }
        for kind in TriggerKind.allCases { values["kind.\(kind)"] = "\(kind.rawValue)" }
        for state in ScheduleState.allCases { values["schedule.\(state)"] = "\(state.rawValue)" }
        for kind in ScheduleKind.allCases { values["schedule.\(kind)"] = "\(kind.rawValue)" }
        for reason in CancelReason.allCases { values["reason.\(reason)"] = "'\(reason.rawValue)'" }
        for status in ExecutionStatus.allCases { values["execution.\(status)"] = "\(status.rawValue)" }
        values["reason.tenantPaused"] = "'\(TenantSettings.pauseReason)'"
        return values
    }()

    /// The text with every name replaced; `${shard}` stays, for statements of one shard. A name that does not exist is a
    /// mistake in the text, and ends the program.
    static func fill(_ text: String) -> String {
        let parts = text.split(separator: "${", omittingEmptySubsequences: false)
        return parts.dropFirst().reduce(into: String(parts[0])) { result, part in
            guard let end = part.firstIndex(of: "}") else { preconditionFailure("a name without an end: \(part)") }
            let name = String(part[..<end])
            guard let value = name == "shard" ? "${shard}" : values[name] else {
                preconditionFailure("SQL names \(name), which does not exist")
            }
            result += value + part[part.index(after: end)...]
        }
    }
}
