package import Model

/// What workers must know of tenants, for the monitor to publish (decision 0008).
package protocol DirectorySource: Sendable {
    /// The version of the newest change of a tenant; ascends in commit order, from 0.
    func directoryVersion() async throws -> Int
    /// A page of the tenants changed after a version, by version, with their secrets still sealed. Fewer than `limit`:
    /// there are no more.
    func directoryEntries(after version: Int, limit: Int) async throws -> [DirectoryEntry]
    /// Deletes tenants that have had no settings and no secrets since a time, if the version in which they changed is
    /// published.
    func dropTenants(before time: Timestamp, publishedTo version: Int) async throws
    /// The weights of tenants whose weight is not 1.
    func weights() async throws -> [TenantID: Double]
}
