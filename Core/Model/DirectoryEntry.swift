/// What workers know of a tenant, as of a version of the tenant directory. Of two entries the younger one counts.
package struct DirectoryEntry: Hashable, Sendable {
    package var tenant: String
    package var version: Int
    package var record: TenantRecord

    /// An entry as the database has it at `version`.
    package init(tenant: String, version: Int, record: TenantRecord) {
        self.tenant = tenant
        self.version = version
        self.record = record
    }
}
