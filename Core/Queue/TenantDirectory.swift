package import Model

/// What workers know of tenants: kept beside the queues, because a worker holds no database connection.
///
/// A copy: the database has the truth, the API publishes every change after its commit, and the monitor publishes what is
/// missing. Entries are written over only by younger ones.
package protocol TenantDirectory: Sendable {
    /// How far the copy goes; nil: there is none yet, or it was lost.
    func state() async throws(QueueError) -> DirectoryState?
    /// The records of these tenants, as bytes of `TenantRecord`; nil for those that have none.
    func records(of tenants: [String]) async throws(QueueError) -> [[UInt8]?]
    /// Writes entries. `version`: the database's changes up to it are all published now.
    func publish(_ entries: [DirectoryEntry], completeTo version: Int?) async throws(QueueError)
    /// Forgets everything.
    func clear() async throws(QueueError)
}
