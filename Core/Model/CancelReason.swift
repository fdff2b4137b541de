/// Why a trigger is cancelled. Its raw value is recorded as the trigger's `reason`, and stands in SQL where the reason decides
/// (`settle-cancelled.sql`, `insert-triggers.sql`).
package enum CancelReason: String, Sendable, CaseIterable {
    /// Its schedule was saved with another timing or action.
    case superseded
    /// Its schedule was paused.
    case paused
    /// Its schedule was deleted.
    case deleted
    /// Somebody cancelled this one trigger.
    case cancelled

    /// Reasons whose occurrences are planned again, by the new revision or after the pause, unless they have been called
    /// (protocols.md, 8a).
    package static let plannedAgain: [CancelReason] = [.superseded, .paused]
}
