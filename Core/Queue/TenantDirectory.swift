package import Model

/// What workers know of tenants, kept beside the queues because a worker has no database connection (decision 0008).
///
/// A copy of the database's directory: the API publishes every change after its commit, and the monitor publishes what
/// is missing. An entry is only overwritten by a newer one.
package protocol TenantDirectory: Sendable {
    /// How complete the copy is; nil: there is none yet, or it was lost.
    func state() async throws(QueueError) -> DirectoryState?
    /// The records of these tenants in order, each as the bytes of a `TenantRecord`; nil for tenants without one.
    func records(of tenants: [TenantID]) async throws(QueueError) -> [[UInt8]?]
    /// Writes entries, except where a newer one is stored. After an error some may be written; `version` is recorded
    /// with the last ones.
    ///
    /// - Parameter version: every change of the database's directory up to it is now published; nil: not known.
    func publish(_ entries: [DirectoryEntry], completeTo version: Int?) async throws(QueueError)
    /// Removes all entries and the state.
    func clear() async throws(QueueError)
}
