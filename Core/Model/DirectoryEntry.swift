/// What workers know of a tenant, as of a version of the tenant directory. Of two entries the newer one counts.
package struct DirectoryEntry: Hashable, Sendable {
    package var tenant: TenantID
    package var version: Int
    package var record: TenantRecord
    /// Why the tenant's stored settings cannot be read, so that the record says paused; nil: they can. Not published.
    package var problem: String?

    /// An entry as the database has it at `version`.
    package init(tenant: TenantID, version: Int, record: TenantRecord, problem: String? = nil) {
        self.tenant = tenant
        self.version = version
        self.record = record
        self.problem = problem
    }
}
