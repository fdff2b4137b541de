import Memory
import Model
import Postgres
import Store
import Synchronization
import TestServers

/// The stores of executions of one database, and what a test needs to speak to them shortly.
struct FlowStoresUnderTest {
    let executions: any ExecutionStore
    let registry: any ExecutionRegistry & TriggerStarts
    let wakes: any WakeStore
    let secondWakes: any WakeStore
    let upkeep: any ExecutionUpkeep
    let outbox: any Outbox
    let secondOutbox: any Outbox
    let history: any HistoryStore
    let historyRegistry: any HistoryRegistry
    /// Stores a definition and a binding of a tenant or, if nil, of everybody.
    let publish: @Sendable (FlowName, TenantID) async throws -> DefinitionRow
    let bind: @Sendable (String, TenantID?, String) async throws -> BindingRow
    /// Of the database.
    let now: Timestamp

    static func make(_ driver: Driver) async throws -> FlowStoresUnderTest {
        switch driver {
        case .inMemory: try await inMemory()
        case .postgres: try await postgres()
        }
    }

    private static func inMemory() async throws -> FlowStoresUnderTest {
        let start = StoreUnderTest.start
        let database = InMemoryFlowDatabase(clock: { start })
        let store = InMemoryFlowStore(database)
        let history = InMemoryHistory(clock: { start })
        let numbers = Mutex(0)
        let second = InMemoryFlowStore(database)
        let it = FlowStoresUnderTest(
            executions: store, registry: store, wakes: store, secondWakes: second, upkeep: store, outbox: store,
            secondOutbox: second, history: history, historyRegistry: history,
            publish: { name, tenant in
                let row = definition(name, tenant, start)
                store.add([row])
                return row
            },
            bind: { type, tenant, body in
                let id = numbers.withLock { count in
                    count += 1
                    return count
                }
                let row = BindingRow(id: id, tenant: tenant, type: type, body: body, createdAt: start)
                store.add([row])
                return row
            }, now: start)
        return try await it.withDays()
    }

    private static func definition(_ name: FlowName, _ tenant: TenantID, _ now: Timestamp) -> DefinitionRow {
        var random = SystemRandomNumberGenerator()
        return DefinitionRow(
            id: .v7(at: now, using: &random), tenant: tenant, name: name, version: 1, body: "{}", createdAt: now)
    }

    private static func postgres() async throws -> FlowStoresUnderTest {
        let stores = try await StoreUnderTest.postgres()
        let url = stores.databaseURL!
        let engine = url.replacing("://postgres:", with: "://headgate_engine:")
        let client = url.replacing("://postgres:", with: "://headgate_api:")
        let api = PostgresRegistry(url: client, connections: 1)
        let wakes = PostgresWakeStore(url: engine)
        let now = try await wakes.now()
        let it = FlowStoresUnderTest(
            executions: PostgresExecutionStore(url: engine), registry: api, wakes: wakes,
            secondWakes: PostgresWakeStore(url: engine), upkeep: PostgresMonitorStore(url: engine),
            outbox: PostgresOutbox(url: engine), secondOutbox: PostgresOutbox(url: engine),
            history: PostgresHistoryStore(url: engine),
            historyRegistry: PostgresHistoryRegistry(url: client, connections: 1),
            publish: { name, tenant in
                let row = definition(name, tenant, now)
                return try await api.publish(
                    name, id: row.id, digest: [1], body: row.body,
                    by: AuditActor(tenant: tenant, subject: "test"), now: now
                ).row
            },
            bind: { type, tenant, body in
                try await api.putBinding(
                    type, tenant: tenant, body: body, by: AuditActor(tenant: tenant ?? "acme", subject: "test"),
                    now: now)
            }, now: now)
        return try await it.withDays()
    }

    private func withDays() async throws -> FlowStoresUnderTest {
        for day in -3...3 { try await history.addDay(self.day(day)) }
        return self
    }

    /// The first moment of a day, so many after today.
    func day(_ offset: Int) -> Timestamp {
        Timestamp(seconds: (floorDivide(now.seconds, 86_400) + Int64(offset)) * 86_400)
    }

    // MARK: Shorthand

    static let definition = DefinitionID(high: 7, low: 7)

    func id(_ number: UInt64) -> ExecutionID { ExecutionID(high: 0x0193_A5F0_7C1E_7000, low: 1 << 63 | number) }

    func new(
        _ number: UInt64, tenant: TenantID = "acme", digest: [UInt8] = [1], trigger: TriggerID? = nil,
        schedule: ScheduleID? = nil
    ) -> NewExecution {
        NewExecution(
            id: id(number), tenant: tenant, definition: FlowStoresUnderTest.definition, input: [9], digest: digest,
            trigger: trigger, schedule: schedule)
    }

    /// Starts executions of these numbers.
    func start(_ numbers: UInt64..., tenant: TenantID = "acme") async throws {
        _ = try await registry.start(numbers.map { new($0, tenant: tenant) }, tenant: tenant, now: now)
    }

    /// All rows of the outbox, those of transactions that have not ended included.
    func outboxRows() async throws -> [HistoryRow] {
        let bounds = try await outbox.bounds()
        var rows: [HistoryRow] = []
        var place: OutboxPlace?
        repeat {
            let page = try await outbox.page(from: 0, upTo: bounds.next, turn: bounds.turn, after: place, limit: 10)
            rows += page.rows
            place = page.next
        } while place != nil
        return rows
    }

    /// What a transition finds of an execution; nil: there is none.
    func read(_ number: UInt64) async throws -> LockedExecution? {
        let found = Mutex<LockedExecution?>(nil)
        _ = try await executions.transition([id(number)]) { locked, _ in
            found.withLock { $0 = locked.first }
            return []
        }
        return found.withLock { $0 }
    }

    /// Writes one execution.
    @discardableResult
    func write(
        _ number: UInt64, _ status: ExecutionStatus = .running, tenant: TenantID = "acme",
        _ change: @escaping @Sendable (inout ExecutionWrite, _ now: Timestamp) -> Void = { _, _ in }
    ) async throws -> TransitionResult {
        try await executions.transition([id(number)]) { locked, now in
            locked.map {
                var write = ExecutionWrite(id: $0.row.id, tenant: $0.row.tenant, status: status, state: [1])
                change(&write, now)
                return write
            }
        }
    }

    /// Ends an execution, which leaves the engine so long afterwards.
    func end(_ number: UInt64, _ status: ExecutionStatus = .succeeded, keep: Duration = .seconds(60)) async throws {
        try await write(number, status) { write, now in
            write.endedAt = now
            write.forgetAt = now + keep
            write.wake = .remove
        }
    }
}
