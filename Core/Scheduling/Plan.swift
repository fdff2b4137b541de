package import Model

/// What becomes of one schedule's occurrences before the horizon.
package struct Plan: Hashable, Sendable {
    /// In ascending order of occurrence.
    package var triggers: [PlannedOccurrence] = []
    /// Occurrences that will not run: at most one run for each reason.
    package var lapses: [Lapse] = []
    /// The first occurrence not planned, the next cursor; nil when the schedule is finished.
    package var next: Timestamp?
    /// Triggers planned so far, these included.
    package var fired: Int
    /// Set while `missed: all` catches up, when `next` is in the past: the live occurrences in this range are planned
    /// already, and the next request should say so.
    package var ahead: Range<Timestamp>?
    /// Set where a time zone is not to be had: then nothing is planned and `next` is the cursor.
    package var missingZone: String?
}
