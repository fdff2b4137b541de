package import Model

/// A schedule as it is stored.
package struct ScheduleRow: Hashable, Sendable {
    /// Internal; a schedule that is deleted and created again gets a new one.
    package var id: ScheduleID
    package var tenant: TenantID
    package var name: ScheduleName
    /// Follows from the id; changes only when the schedules are resharded.
    package var shard: Int
    /// From 1; raised when timing or action changes, and when a paused schedule is rewound to a cancelled trigger
    /// (decision 0006).
    package var revision: Int
    package var state: ScheduleState
    /// The first occurrence that is not planned yet, or when a schedule that could not be planned is tried again; nil:
    /// paused or finished.
    package var nextAt: Timestamp?
    /// Where planning resumes, of a paused schedule or one that could not be planned.
    package var resumeAt: Timestamp?
    /// An encoded `Timing`.
    package var timing: [UInt8]
    /// An encoded `ActionRecord`.
    package var action: [UInt8]
    package var pauseReason: String?
    package var createdAt: Timestamp
    package var updatedAt: Timestamp
    /// Triggers of this revision planned up to the cursor.
    package var fired: Int
    /// The first occurrence that is not planned yet; nil if finished.
    package var cursor: Timestamp? { resumeAt ?? nextAt }

    /// A row with all its columns.
    package init(
        id: ScheduleID, tenant: TenantID, name: ScheduleName, shard: Int, revision: Int, state: ScheduleState,
        nextAt: Timestamp?, resumeAt: Timestamp?, timing: [UInt8], action: [UInt8], pauseReason: String?,
        createdAt: Timestamp, updatedAt: Timestamp, fired: Int
    ) {
        self.id = id
        self.tenant = tenant
        self.name = name
        self.shard = shard
        self.revision = revision
        self.state = state
        self.nextAt = nextAt
        self.resumeAt = resumeAt
        self.timing = timing
        self.action = action
        self.pauseReason = pauseReason
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.fired = fired
    }
}
