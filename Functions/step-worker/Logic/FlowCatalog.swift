package import Flows
package import Model
package import Store

/// The definitions and bindings that a worker has read. Neither ever changes; only which binding applies to a tenant
/// does, which is asked again after `freshness`.
package struct FlowCatalog: Sendable {
    /// How long it may take until a changed binding is used.
    package static let freshness = Duration.seconds(2)
    /// Beyond so many of either kind everything is forgotten, and read again as needed.
    private static let capacity = 10_000

    /// A definition as it was read.
    package struct Definition: Sendable {
        package var row: DefinitionRow
        /// Nil: it cannot be read, as one that a later version has published.
        package var plan: FlowPlan?
    }

    /// The bindings of a tenant, by type of step.
    private struct TenantBindings {
        var ids: [String: Int]
        var readAt: ContinuousClock.Instant
    }

    private var definitions: [DefinitionID: Definition] = [:]
    private var bindings: [Int: FlowBinding?] = [FlowBinding.httpID: .some(.http)]
    private var tenants: [TenantID: TenantBindings] = [:]

    /// A catalog that has read nothing.
    package init() {}

    /// Takes in definitions as they were read.
    package mutating func add(_ rows: [DefinitionRow]) {
        if definitions.count > FlowCatalog.capacity { definitions = [:] }
        for row in rows {
            let definition = (try? JSON(parsing: row.body)).flatMap { try? FlowDefinition($0) }
            definitions[row.id] = Definition(row: row, plan: definition.flatMap { FlowPlan($0) })
        }
    }

    /// Takes in all bindings that apply to a tenant.
    package mutating func add(_ rows: [BindingRow], of tenant: TenantID, now: ContinuousClock.Instant) {
        if tenants.count > FlowCatalog.capacity { tenants = [:] }
        add(rows)
        tenants[tenant] = TenantBindings(
            ids: Dictionary(rows.map { ($0.type, $0.id) }, uniquingKeysWith: { first, _ in first }), readAt: now)
    }

    /// Takes in bindings by their ids.
    package mutating func add(_ rows: [BindingRow]) {
        if bindings.count > FlowCatalog.capacity { bindings = [FlowBinding.httpID: .some(.http)] }
        for row in rows where bindings[row.id] == nil {
            bindings[row.id] = .some((try? JSON(parsing: row.body)).flatMap { try? FlowBinding($0) })
        }
    }

    /// Says that these bindings do not exist.
    package mutating func addMissing(_ ids: Set<Int>) {
        for id in ids where bindings[id] == nil { bindings[id] = .some(nil) }
    }

    /// The definition with this id; nil: it was not read yet.
    package func definition(_ id: DefinitionID) -> Definition? { definitions[id] }

    /// Whether the tenant's bindings are known, and fresh enough.
    func knowsBindings(of tenant: TenantID, now: ContinuousClock.Instant) -> Bool {
        tenants[tenant].map { now - $0.readAt < FlowCatalog.freshness } ?? false
    }

    /// Whether a binding was looked up.
    func knowsBinding(_ id: Int) -> Bool { bindings[id] != nil }

    func binding(_ id: Int) -> FlowBinding? { bindings[id] ?? nil }

    /// What the reducer needs for an execution of this definition.
    package func context(of plan: FlowPlan, inputs: FlowInputs, tenant: TenantID, id: ExecutionID) -> FlowContext {
        let ids = tenants[tenant]?.ids ?? [:]
        let bindings = bindings
        return FlowContext(
            plan: plan, inputs: inputs.forReducer, seed: id.value.high ^ id.value.low,
            binding: { contract in
                let id = contract.name == "http" ? FlowBinding.httpID : ids[contract.name]
                guard let id, let binding = bindings[id] ?? nil else { return nil }
                return binding.terms(id: id)
            },
            bindingOfAttempt: { id in (bindings[id] ?? nil).map { $0.terms(id: id) } })
    }
}
