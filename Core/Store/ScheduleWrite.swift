package import Model

/// A schedule to create or replace.
package struct ScheduleWrite: Sendable {
    package var tenant: TenantID
    package var name: ScheduleName
    /// What must exist already; nil: it may exist or not.
    package var expecting: ExpectedRevision?
    /// The id of the schedule if it is new; an existing one keeps its own.
    package var id: ScheduleID
    /// The shard of the schedule if it is new.
    package var shard: Int
    /// An encoded `Timing`.
    package var timing: [UInt8]
    /// An encoded `ActionRecord`.
    package var action: [UInt8]
    /// Nil: an existing pause stays, and a new schedule is not paused.
    package var paused: Bool?
    /// The first occurrence at or after a time; nil: there is none.
    package var next: @Sendable (Timestamp) -> Timestamp?
    /// Called if no occurrence is left: one that has just passed and still runs, unless the replaced timing had it too.
    package var justPassed: @Sendable (_ now: Timestamp, _ replaced: [UInt8]?) -> Timestamp?

    /// A write that may create or replace.
    package init(
        tenant: TenantID, name: ScheduleName, id: ScheduleID, shard: Int, timing: [UInt8], action: [UInt8],
        paused: Bool?,
        next: @escaping @Sendable (Timestamp) -> Timestamp?,
        justPassed: @escaping @Sendable (_ now: Timestamp, _ replaced: [UInt8]?) -> Timestamp? = { _, _ in nil }
    ) {
        self.tenant = tenant
        self.name = name
        self.id = id
        self.shard = shard
        self.timing = timing
        self.action = action
        self.paused = paused
        self.next = next
        self.justPassed = justPassed
    }
}
