import Model
import Store

/// What an answer shows beside what can be set: a document may carry it back to a PUT, so that what was shown can be edited and
/// applied.
///
/// Compared with what is stored, and refused where it differs, is what only changes when somebody changes the thing: an edit of such a
/// field would be without effect, and a document older than the last change would undo it. Never compared is what changes by itself
/// within minutes: `nextAt` and `updatedAt`, `shard`, which a re-sharding moves, and `warnings`. A schedule that does not exist has
/// nothing to differ from: the document of another name, tenant or installation makes a new one.
enum ReadOnlyFields {
    /// Of a schedule's document.
    static let schedule: Set<String> = [
        "id", "tenant", "state", "nextAt", "revision", "shard", "pauseReason", "createdAt", "updatedAt", "warnings",
    ]
    /// Of a tenant's.
    static let tenant: Set<String> = ["tenant", "revision", "updatedAt"]

    /// A document names one of those that are compared.
    static func areCompared(in document: JSON) -> Bool {
        ["id", "state", "revision", "pauseReason", "createdAt"].contains { document[$0] != nil }
    }

    /// Where a document says otherwise than the stored schedule.
    static func mistakes(in document: JSON, of row: ScheduleRow) -> [FieldError] {
        var mistakes: [FieldError] = []
        func compare(_ name: String, _ stored: JSON, _ advice: String = "leave it out") {
            guard let given = document[name], given != stored else { return }
            mistakes.append(
                FieldError(pointer: "/\(name)", detail: "is read-only, and \(stored) now; \(advice)"))
        }
        compare("id", .string("\(row.id)"), "the document is of another schedule; leave it out")
        // One that has run to its end since it was shown is what it was, but for the time.
        let hasEnded = document["state"]?.text == ScheduleState.active.name && row.state == .finished
        if !hasEnded {
            compare("state", .string(row.state.name), "set \"paused\" to pause or resume; otherwise show it again")
        }
        compare(
            "revision", .integer(row.revision),
            "it has been changed since it was shown: show it again, or leave the field out to replace it")
        compare("pauseReason", .optional(row.pauseReason, JSON.string), "a pause's reason is given with the pause")
        // The same time in another form, as clients write what they have read as a time.
        let created = document["createdAt"]?.text.flatMap { Timestamp($0) }
        if created?.flooredToMillisecond != row.createdAt.flooredToMillisecond {
            compare("createdAt", .time(row.createdAt))
        }
        return mistakes
    }

    /// Where a document says otherwise than the stored settings of a tenant.
    static func mistakes(in document: JSON, tenant: String, revision: Int?) -> [FieldError] {
        var mistakes: [FieldError] = []
        if let given = document["tenant"], given.text != tenant {
            mistakes.append(FieldError(pointer: "/tenant", detail: "is not the tenant in the path, \(tenant)"))
        }
        if let given = document["revision"], let revision, given != .integer(revision) {
            mistakes.append(
                FieldError(
                    pointer: "/revision",
                    detail: "is read-only, and \(revision) now: the settings have been changed since they were shown"))
        }
        return mistakes
    }
}
