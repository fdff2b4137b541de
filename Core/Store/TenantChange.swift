package import Model

/// A change of a tenant, and what workers must know of it now.
package struct TenantChange: Sendable {
    package var row: TenantRow
    package var isCreated: Bool
    package var entry: DirectoryEntry

    package init(row: TenantRow, isCreated: Bool, entry: DirectoryEntry) {
        self.row = row
        self.isCreated = isCreated
        self.entry = entry
    }
}
