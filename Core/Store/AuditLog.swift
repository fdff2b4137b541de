package import Model

/// Who changed what. Verbs that carry out a user's change append its row in the same transaction; `record` is for other
/// changes.
package protocol AuditLog: Sendable {
    /// A page of a tenant's rows, newest first.
    ///
    /// - Parameter id: the last id of the page before; nil: from the newest row.
    func audit(tenant: TenantID, before id: Int?, limit: Int) async throws -> [AuditRow]
    /// Appends a row for a change outside the store, such as the purge of a queue.
    func record(_ action: String, _ object: String, by actor: AuditActor, now: Timestamp) async throws
}
