package import Model

/// Keeps the keys of the API, by the hash of their text.
package protocol KeyRegistry: Sendable {
    func authenticate(hash: [UInt8]) async throws -> KeyRow?
    func insert(_ key: KeyRow, hash: [UInt8], by actor: AuditActor, now: Timestamp) async throws
    func keys(tenant: String) async throws -> [KeyRow]
    func revoke(_ key: Identifier, by actor: AuditActor, now: Timestamp) async throws -> Bool
}
