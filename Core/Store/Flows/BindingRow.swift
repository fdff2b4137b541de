package import Model

/// Which call performs a type of step; never changes: another PUT makes another row.
package struct BindingRow: Hashable, Sendable {
    /// For good.
    package var id: Int
    /// Nil: of every tenant that has none of its own.
    package var tenant: TenantID?
    /// The contract's name: `model.train`.
    package var type: String
    /// JSON as stored.
    package var body: String
    package var createdAt: Timestamp

    /// A row as stored.
    package init(id: Int, tenant: TenantID?, type: String, body: String, createdAt: Timestamp) {
        self.id = id
        self.tenant = tenant
        self.type = type
        self.body = body
        self.createdAt = createdAt
    }
}
