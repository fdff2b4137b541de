package import Model

/// Keeps tenants' settings. Every call is one transaction, bound to a tenant.
package protocol TenantRegistry: Sendable {
    /// It was erased, and nothing has been made for it since.
    func isErased(_ tenant: String) async throws -> Bool
    /// Nil: nobody has set anything for it.
    func tenant(_ tenant: String) async throws -> TenantRow?
    /// Creates or replaces the settings of the actor's tenant. Throws `RevisionMismatch`.
    func put(
        _ settings: TenantSettings, expecting: ExpectedRevision?, by actor: AuditActor, now: Timestamp
    ) async throws -> TenantChange
}
