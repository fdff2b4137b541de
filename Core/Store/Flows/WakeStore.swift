package import Model

/// When executions are to be woken, as loaders read it. They never write it (protocols.md, 18).
package protocol WakeStore: Sendable {
    /// The database's clock.
    func now() async throws -> Timestamp

    /// Takes those groups of buckets that no other loader holds, and returns them. Held until the session ends, which
    /// makes every later call fail until `close`.
    func takeGroups(_ groups: [Int]) async throws -> Set<Int>

    /// Wakes of buckets, each from a place of its own on, before a time: up to `limit` of each bucket, in the order of
    /// their times.
    func wakes(_ buckets: [WakePlace], before time: Timestamp, limit: Int) async throws -> [WakeRow]

    /// Ends the session.
    func close() async
}

/// How buckets are shared among loaders.
package enum WakeGroups {
    /// Groups of buckets, each of which one loader holds.
    package static let count = 8

    /// The buckets of a group.
    package static func buckets(of group: Int) -> [Int] {
        (0..<ExecutionID.buckets).filter { $0 % count == group }
    }
}

/// Where a loader goes on in a bucket.
package struct WakePlace: Hashable, Sendable {
    package var bucket: Int
    /// Only wakes after this time and execution.
    package var due: Timestamp
    package var execution: ExecutionID

    /// A place in a bucket.
    package init(bucket: Int, due: Timestamp, execution: ExecutionID = .lowest) {
        self.bucket = bucket
        self.due = due
        self.execution = execution
    }
}

/// When an execution is to be woken.
package struct WakeRow: Hashable, Sendable {
    package var bucket: Int
    package var execution: ExecutionID
    package var tenant: TenantID
    package var due: Timestamp

    /// A row as stored.
    package init(bucket: Int, execution: ExecutionID, tenant: TenantID, due: Timestamp) {
        self.bucket = bucket
        self.execution = execution
        self.tenant = tenant
        self.due = due
    }
}
