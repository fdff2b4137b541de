package import Model

/// Who changed what. Verbs that change the store write their own rows; `record` is for what does not.
package protocol AuditLog: Sendable {
    func audit(tenant: String, before id: Int?, limit: Int) async throws -> [AuditRow]
    /// Adds a row for a change that is not one of the store's own, such as a purge of a queue.
    func record(_ action: String, _ object: String, by actor: AuditActor, now: Timestamp) async throws
}
