import Model
import Store

/// Fields that answers show besides those that can be set. A document may carry them back in a PUT, so that what was
/// shown can be edited and applied.
///
/// Fields that change only when somebody changes the thing are compared with what is stored, and refused if they
/// differ: an edit of such a field would have no effect, and a document older than the last change would undo that.
/// Never compared are fields that change by themselves: `nextAt` and `updatedAt`, `shard`, which resharding changes,
/// and `warnings`. For a schedule that does not exist nothing is compared: the document of another name, tenant or
/// installation creates a new one.
enum ReadOnlyFields {
    /// The fields of a schedule's document.
    static let schedule: Set<String> = [
        "id", "tenant", "state", "nextAt", "revision", "shard", "pauseReason", "createdAt", "updatedAt", "warnings",
    ]
    /// The fields of a tenant's document.
    static let tenant: Set<String> = ["tenant", "revision", "updatedAt"]

    /// Whether a document has any of the fields that are compared.
    static func areCompared(in document: JSON) -> Bool {
        ["id", "state", "revision", "pauseReason", "createdAt"].contains { document[$0] != nil }
    }

    /// Where a document differs from the stored schedule.
    static func mistakes(in document: JSON, of row: ScheduleRow) -> [FieldError] {
        var mistakes: [FieldError] = []
        func compare(_ name: String, _ stored: JSON, _ advice: String = "leave it out") {
            guard let given = document[name], given != stored else { return }
            mistakes.append(
                FieldError(pointer: "/\(name)", detail: "is read-only, and \(stored) now; \(advice)"))
        }
        compare("id", .string("\(row.id)"), "the document is of another schedule; leave it out")
        // A schedule that has finished since it was shown has not been changed by anybody.
        let hasEnded = document["state"]?.text == ScheduleState.active.name && row.state == .finished
        if !hasEnded {
            compare("state", .string(row.state.name), "set \"paused\" to pause or resume; otherwise show it again")
        }
        compare(
            "revision", .integer(row.revision),
            "it has been changed since it was shown: show it again, or leave the field out to replace it")
        compare("pauseReason", .optional(row.pauseReason, JSON.string), "a pause's reason is given with the pause")
        // The same time in another notation is accepted, since clients reformat times.
        let created = document["createdAt"]?.text.flatMap { Timestamp($0) }
        if created?.flooredToMillisecond != row.createdAt.flooredToMillisecond {
            compare("createdAt", .time(row.createdAt))
        }
        return mistakes
    }

    /// Where a document that is to be stored differs from the stored schedule.
    ///
    /// One that changes nothing may show an earlier revision, so that a request whose answer was lost can be repeated.
    /// It may also show an earlier creation of the schedule, with another id and time, so that the import of an export
    /// can be repeated.
    static func mistakes(in document: JSON, of row: ScheduleRow, repeating write: ScheduleWrite) -> [FieldError] {
        let mistakes = mistakes(in: document, of: row)
        var ignored: Set = ["/id", "/revision", "/createdAt", "/state"]
        let isEarlier = ["/id", "/createdAt"].allSatisfy { field in mistakes.contains { $0.pointer == field } }
        let isPaused = row.state == .paused
        guard write.timing == row.timing, write.action == row.action, write.paused ?? isPaused == isPaused else {
            return mistakes
        }
        if !isEarlier {
            // The change that the document asks for has been made since it was shown.
            let shownAt = document["updatedAt"]?.text.flatMap { Timestamp($0) }
            let isOlder = shownAt.map { $0 < row.updatedAt.flooredToMillisecond } ?? false
            ignored = isOlder ? ["/state", "/pauseReason"] : []
            if let revision = document["revision"]?.int, revision < row.revision { ignored.insert("/revision") }
            return mistakes.filter { !ignored.contains($0.pointer) }
        }
        // A schedule that was created paused has no reason.
        if row.pauseReason == nil { ignored.insert("/pauseReason") }
        return mistakes.filter { !ignored.contains($0.pointer) }
    }

    /// Where a document differs from a tenant's stored settings.
    static func mistakes(in document: JSON, tenant: TenantID, revision: Int?) -> [FieldError] {
        var mistakes: [FieldError] = []
        if let given = document["tenant"], given.text != tenant.description {
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
