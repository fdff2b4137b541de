package import Model

package struct ScheduleWrite: Sendable {
    package var tenant: String
    package var name: String
    /// Nil: it may exist or not.
    package var expecting: ExpectedRevision?
    /// For a new schedule.
    package var id: Identifier
    package var shard: Int
    package var timing: [UInt8]
    package var action: [UInt8]
    /// Nil: an existing pause stays.
    package var paused: Bool?
    /// The first occurrence at or after a time; nil: there is none.
    package var next: @Sendable (Timestamp) -> Timestamp?
    /// Where none is left at a time: one that has just passed and runs still, unless a timing that is replaced had it.
    package var justPassed: @Sendable (_ now: Timestamp, _ replaced: [UInt8]?) -> Timestamp?

    package init(
        tenant: String, name: String, id: Identifier, shard: Int, timing: [UInt8], action: [UInt8], paused: Bool?,
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
