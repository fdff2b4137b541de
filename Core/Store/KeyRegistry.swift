package import Model

/// Keeps API keys by the SHA-256 of their text. Every call is one transaction.
package protocol KeyRegistry: Sendable {
    /// The key with this hash, of any tenant; nil: there is none, or it was revoked.
    func authenticate(hash: [UInt8]) async throws -> KeyRow?
    /// Stores a new key for the tenant that it names.
    func insert(_ key: KeyRow, hash: [UInt8], by actor: AuditActor, now: Timestamp) async throws
    /// A tenant's keys that are not revoked, by id.
    func keys(tenant: TenantID) async throws -> [KeyRow]
    /// Revokes a key of the actor's tenant. False: there is none, or it was revoked already.
    func revoke(_ key: KeyID, by actor: AuditActor, now: Timestamp) async throws -> Bool
}
