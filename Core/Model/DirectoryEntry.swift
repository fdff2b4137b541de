/// What workers know of a tenant, as of a version of the directory: the younger one counts.
package struct DirectoryEntry: Hashable, Sendable {
    package var tenant: String
    package var version: Int
    package var record: TenantRecord

    package init(tenant: String, version: Int, record: TenantRecord) {
        self.tenant = tenant
        self.version = version
        self.record = record
    }
}
