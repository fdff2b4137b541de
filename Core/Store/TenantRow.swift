package import Model

package struct TenantRow: Sendable {
    package var tenant: String
    package var version: Int
    package var revision: Int
    package var settings: TenantSettings
    package var updatedAt: Timestamp

    package init(tenant: String, version: Int, revision: Int, settings: TenantSettings, updatedAt: Timestamp) {
        self.tenant = tenant
        self.version = version
        self.revision = revision
        self.settings = settings
        self.updatedAt = updatedAt
    }
}
