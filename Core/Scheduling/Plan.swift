package import Model

/// What becomes of one schedule's occurrences before the horizon.
package struct Plan: Hashable, Sendable {
    /// In the order of occurrences.
    package var triggers: [PlannedOccurrence] = []
    /// Missed occurrences that will not run, at most one lapse per reason.
    package var lapses: [MissedRun] = []
    /// The first occurrence that is not planned, which is the next cursor; nil when the schedule is finished.
    package var next: Timestamp?
    /// Triggers planned so far, including these.
    package var fired: Int
    /// Set while `missed: all` catches up and `next` is in the past: the live occurrences in this range are planned
    /// already, and the next request should say so.
    package var ahead: Range<Timestamp>?
    /// Set if a time zone is not available: nothing is planned then, and `next` is the cursor.
    package var missingZone: String?
}
