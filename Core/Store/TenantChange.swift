package import Model

/// A committed change of a tenant's settings or secrets, and what workers must now know of it.
package struct TenantChange: Sendable {
    /// The tenant after the change.
    package var row: TenantRow
    /// Whether the settings, or the secret, did not exist before.
    package var isCreated: Bool
    /// What is to be published, under the change's version.
    package var entry: DirectoryEntry

    /// A change as the store commits it.
    package init(row: TenantRow, isCreated: Bool, entry: DirectoryEntry) {
        self.row = row
        self.isCreated = isCreated
        self.entry = entry
    }
}
