package import Model

/// Watches the watcher: asked by the API and by loaders (protocols.md, 25b).
package protocol MonitorWatch: Sendable {
    /// - Parameter now: the database's clock; the partition looked for is of the day after.
    func monitorAge(now: Timestamp) async throws -> MonitorAge
}
