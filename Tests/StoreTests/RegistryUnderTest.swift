import Memory
import Model
import Postgres
import Store
import Testing

/// What the suite writes through: the verbs that both registries have, for one tenant.
protocol RegistryUnderTest: Sendable {
    func put(_ writes: [ScheduleWrite], now: Timestamp) async throws -> [PutResult]
    func schedule(_ name: ScheduleName) async throws -> ScheduleRow?
    func trigger(_ id: TriggerID) async throws -> TriggerRow?
    func delete(_ name: ScheduleName, now: Timestamp) async throws -> [TriggerID]?
    func pause(_ name: ScheduleName, now: Timestamp) async throws -> [TriggerID]?
    func resume(_ name: ScheduleName, now: Timestamp) async throws -> Bool
    func requestCancel(_ id: TriggerID, now: Timestamp) async throws -> TriggerRow?
    func settleCancelled(_ ids: [TriggerID], reason: CancelReason) async throws
    func redrive(_ ids: [TriggerID], deadline: Timestamp, now: Timestamp) async throws -> [QueuedTrigger]
}

struct PostgresRegistryUnderTest: RegistryUnderTest {
    let registry: PostgresRegistry
    private var actor: AuditActor { AuditActor(tenant: "acme", subject: "test") }

    func put(_ writes: [ScheduleWrite], now: Timestamp) async throws -> [PutResult] {
        try await registry.put(writes, by: actor, acrossTenants: false, now: now)
    }
    func schedule(_ name: ScheduleName) async throws -> ScheduleRow? {
        try await registry.schedule(name, tenant: "acme")
    }
    func trigger(_ id: TriggerID) async throws -> TriggerRow? { try await registry.trigger(id, tenant: "acme") }
    func delete(_ name: ScheduleName, now: Timestamp) async throws -> [TriggerID]? {
        try await registry.delete(name, expecting: nil, by: actor, now: now)
    }
    func pause(_ name: ScheduleName, now: Timestamp) async throws -> [TriggerID]? {
        try await registry.pause(name, reason: "test", by: actor, now: now)
    }
    func resume(_ name: ScheduleName, now: Timestamp) async throws -> Bool {
        try await registry.resume(name, missed: nil, by: actor, now: now) { row in
            Minutes.next(atOrAfter: min(now, row.resumeAt ?? now))
        }
    }
    func requestCancel(_ id: TriggerID, now: Timestamp) async throws -> TriggerRow? {
        try await registry.requestCancel(id, by: actor, now: now)
    }
    func settleCancelled(_ ids: [TriggerID], reason: CancelReason) async throws {
        try await registry.settleCancelled(
            ids.map { CancelledTrigger($0, mayBeCalled: false) }, tenant: "acme", reason: reason)
    }
    func redrive(_ ids: [TriggerID], deadline: Timestamp, now: Timestamp) async throws -> [QueuedTrigger] {
        try await registry.redrive(ids, deadline: deadline, checkAt: now + .seconds(60), by: actor, now: now)
    }
}

struct InMemoryRegistry: RegistryUnderTest {
    let store: InMemoryStore

    func put(_ writes: [ScheduleWrite], now: Timestamp) async throws -> [PutResult] {
        try await store.put(writes, now: now)
    }
    func schedule(_ name: ScheduleName) async throws -> ScheduleRow? { try await store.schedule(name, tenant: "acme") }
    func trigger(_ id: TriggerID) async throws -> TriggerRow? { try await store.trigger(id) }
    func delete(_ name: ScheduleName, now: Timestamp) async throws -> [TriggerID]? {
        try await store.delete(name, tenant: "acme", now: now)
    }
    func pause(_ name: ScheduleName, now: Timestamp) async throws -> [TriggerID]? {
        try await store.pause(name, tenant: "acme", reason: "test", now: now)
    }
    func resume(_ name: ScheduleName, now: Timestamp) async throws -> Bool {
        try await store.resume(name, tenant: "acme", missed: nil, now: now) { row in
            Minutes.next(atOrAfter: min(now, row.resumeAt ?? now))
        }
    }
    func requestCancel(_ id: TriggerID, now: Timestamp) async throws -> TriggerRow? {
        try await store.requestCancel(id, now: now)
    }
    func settleCancelled(_ ids: [TriggerID], reason: CancelReason) async throws {
        try await store.settleCancelled(ids.map { CancelledTrigger($0, mayBeCalled: false) }, reason: reason)
    }
    func redrive(_ ids: [TriggerID], deadline: Timestamp, now: Timestamp) async throws -> [QueuedTrigger] {
        try await store.redrive(ids, deadline: deadline, now: now)
    }
}

/// A driver to run the conformance suite on.
enum Driver: String, CaseIterable, CustomTestStringConvertible {
    case inMemory
    case postgres
    var testDescription: String { rawValue }

    func make() async throws -> StoreUnderTest {
        switch self {
        case .inMemory: try await .inMemory()
        case .postgres: try await .postgres()
        }
    }
}
