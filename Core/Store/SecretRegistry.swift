package import Model

/// Keeps tenants' secrets, sealed. Every call is one transaction, confined to a tenant.
package protocol SecretRegistry: Sendable {
    /// A page of a tenant's secrets, by name, without their values.
    func secrets(of tenant: TenantID, after name: String, limit: Int) async throws -> [SecretRow]
    /// Stores a sealed value under a name of the actor's tenant. The value that it replaces is kept until `keepPreviousUntil`, if
    /// given, so that receivers of signatures have time to change over.
    ///
    /// Returns the change to publish; its `isCreated` tells whether the secret is new. Throws `TenantLimit` if the
    /// tenant has `maximum` secrets already.
    func putSecret(
        _ name: String, sealed: [UInt8], keepPreviousUntil: Timestamp?, maximum: Int, by actor: AuditActor,
        now: Timestamp
    ) async throws -> TenantChange
    /// Deletes a secret of the actor's tenant, and returns the change to publish. Nil: there is none.
    func deleteSecret(_ name: String, by actor: AuditActor, now: Timestamp) async throws -> TenantChange?
    /// Those of these names that are not secrets of the tenant.
    func missingSecrets(_ names: Set<String>, tenant: TenantID) async throws -> Set<String>
}
