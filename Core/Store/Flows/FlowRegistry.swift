package import Model

/// Published flows and bindings, as the API changes and shows them.
package protocol FlowRegistry: Sendable {
    /// Makes a body the current version of a flow: a new one, unless it is the current one's already. Publishing a flow
    /// that was deleted goes on with its numbers.
    ///
    /// - Parameter digest: SHA-256 of the body.
    func publish(
        _ name: FlowName, id: DefinitionID, digest: [UInt8], body: String, by actor: AuditActor, now: Timestamp
    ) async throws -> PublishResult

    /// A version of a flow, by default the current one; nil: there is none. Earlier versions of a deleted flow are
    /// found.
    func flow(_ name: FlowName, version: Int?, tenant: TenantID) async throws -> DefinitionRow?

    /// A definition by its id; nil: there is none.
    func definition(_ id: DefinitionID, tenant: TenantID) async throws -> DefinitionRow?

    /// The current versions of a tenant's flows, in the order of names.
    func flows(tenant: TenantID, after name: FlowName?, limit: Int) async throws -> [DefinitionRow]

    /// Deletes a flow; its executions go on. False: there is none.
    func deleteFlow(_ name: FlowName, by actor: AuditActor, now: Timestamp) async throws -> Bool

    /// Makes a body the binding of a type of step, for a tenant or (nil) every tenant. An unchanged body makes no new
    /// row.
    func putBinding(
        _ type: String, tenant: TenantID?, body: String, by actor: AuditActor, now: Timestamp
    ) async throws -> BindingRow

    /// The bindings that apply to a tenant: its own, and everybody's for types of which it has none.
    func bindings(of tenant: TenantID) async throws -> [BindingRow]
}
