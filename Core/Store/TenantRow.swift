package import Model

/// A tenant's settings as they are stored.
package struct TenantRow: Sendable {
    package var tenant: TenantID
    /// The directory version of the last change of the settings or of a secret.
    package var version: Int
    /// From 1, raised when the settings change; 0: the tenant was erased.
    package var revision: Int
    package var settings: TenantSettings
    /// Why the stored settings cannot be read; nil: they can. `settings` then says paused, and nothing else: without
    /// its rates a tenant may not be called.
    package var problem: String?
    package var updatedAt: Timestamp

    /// A row with all its columns.
    package init(
        tenant: TenantID, version: Int, revision: Int, settings: TenantSettings, problem: String? = nil,
        updatedAt: Timestamp
    ) {
        self.tenant = tenant
        self.version = version
        self.revision = revision
        self.settings = settings
        self.problem = problem
        self.updatedAt = updatedAt
    }
}
