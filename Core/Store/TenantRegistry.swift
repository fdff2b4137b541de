package import Model

/// Keeps tenants' settings. Every call is one transaction, confined to a tenant.
package protocol TenantRegistry: Sendable {
    /// Whether the tenant was erased, and has no schedules, secrets or API keys since.
    func isErased(_ tenant: TenantID) async throws -> Bool
    /// The tenant's settings; nil: none were ever set.
    func tenant(_ tenant: TenantID) async throws -> TenantRow?
    /// Creates or replaces the settings of the actor's tenant. Throws `RevisionMismatch`, and changes nothing, if they
    /// do not have the revision expected.
    func put(
        _ settings: TenantSettings, expecting: ExpectedRevision?, by actor: AuditActor, now: Timestamp
    ) async throws -> TenantChange
}
