package import Model

/// A due schedule, locked by a claim until its transaction ends.
package struct ClaimedSchedule: Sendable {
    package var id: ScheduleID
    package var tenant: TenantID
    package var name: ScheduleName
    package var revision: Int
    /// The first occurrence that is not planned yet.
    package var nextAt: Timestamp
    /// Triggers of this revision planned so far, for schedules that end after a number of them.
    package var fired: Int
    /// An encoded `Timing`.
    package var timing: [UInt8]
    /// An encoded `ActionRecord`.
    package var action: [UInt8]
    /// The policy for missed occurrences that a resume asked for, in place of the timing's own: 0 skip, 1 last, 2 all.
    package var resumeMissed: Int?
    /// Live occurrences already planned while missed ones are being caught up with.
    package var ahead: Range<Timestamp>?
    /// It stands for a single trigger that the API created for a time beyond the partitions.
    package var isOneOff: Bool
    /// When it was last written, paused or resumed.
    package var updatedAt: Timestamp

    /// A schedule without anything special about it, unless given.
    package init(
        id: ScheduleID, tenant: TenantID, name: ScheduleName, revision: Int, nextAt: Timestamp, fired: Int,
        timing: [UInt8],
        action: [UInt8], resumeMissed: Int? = nil, ahead: Range<Timestamp>? = nil, isOneOff: Bool = false,
        updatedAt: Timestamp = .epoch
    ) {
        self.updatedAt = updatedAt
        self.isOneOff = isOneOff
        self.resumeMissed = resumeMissed
        self.ahead = ahead
        self.id = id
        self.tenant = tenant
        self.name = name
        self.revision = revision
        self.nextAt = nextAt
        self.fired = fired
        self.timing = timing
        self.action = action
    }
}
