package import Model

/// Lets the API and loaders watch the monitor (protocols.md, 25b).
package protocol MonitorWatch: Sendable {
    /// When each duty was last done, and whether tomorrow's partition exists.
    ///
    /// - Parameter now: the database's clock; tomorrow is the UTC day after it.
    func monitorAge(now: Timestamp) async throws -> MonitorAge
}
