package import Model

/// Keeps tenants' secrets, sealed. Every call is one transaction, bound to a tenant.
package protocol SecretRegistry: Sendable {
    func secrets(of tenant: String, after name: String, limit: Int) async throws -> [SecretRow]
    /// Stores a sealed value. The one that it replaces stays until `keeping`, if that is given.
    ///
    /// Throws `TenantLimit` where the tenant has `maximum` secrets already.
    func putSecret(
        _ name: String, sealed: [UInt8], keeping: Timestamp?, maximum: Int, by actor: AuditActor, now: Timestamp
    ) async throws -> TenantChange
    /// Nil: there is none.
    func deleteSecret(_ name: String, by actor: AuditActor, now: Timestamp) async throws -> TenantChange?
    /// Those of these names that are no secrets of the tenant.
    func missingSecrets(_ names: Set<String>, tenant: String) async throws -> Set<String>
}
