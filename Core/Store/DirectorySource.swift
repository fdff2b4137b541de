package import Model

/// What workers must know of tenants, as the monitor publishes it.
package protocol DirectorySource: Sendable {
    /// How far the directory of tenants goes.
    func directoryVersion() async throws -> Int
    /// What has changed in it since a version, in order.
    func directoryEntries(after version: Int, limit: Int) async throws -> [DirectoryEntry]
    /// Forgets tenants that have had no settings and no secrets since a time, if that is published.
    func dropTenants(before time: Timestamp, publishedTo version: Int) async throws
    /// The shares of tenants that do not have one: by tenant.
    func weights() async throws -> [String: Double]
}
