package import Model

package struct ScheduleRow: Sendable {
    package var id: Identifier
    package var tenant: String
    package var name: String
    package var shard: Int
    package var revision: Int
    package var state: ScheduleState
    package var nextAt: Timestamp?
    package var resumeAt: Timestamp?
    package var timing: [UInt8]
    package var action: [UInt8]
    package var pauseReason: String?
    package var createdAt: Timestamp
    package var updatedAt: Timestamp
    /// Triggers of this revision that were planned, up to the cursor.
    package var fired: Int
    /// Up to where its occurrences are planned: the first that is not. Nil where it is finished.
    package var cursor: Timestamp? { resumeAt ?? nextAt }

    package init(
        id: Identifier, tenant: String, name: String, shard: Int, revision: Int, state: ScheduleState,
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
