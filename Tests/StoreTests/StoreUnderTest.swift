import Memory
import Model
import Postgres
import Store
import Synchronization
import TestServers

/// The stores of one database, and what a test needs to speak to them shortly.
struct StoreUnderTest {
    let loader: any LoaderStore
    let secondLoader: any LoaderStore
    let outcomes: any OutcomeStore
    let monitor: any MonitorStore
    let registry: any RegistryUnderTest
    /// Of a superuser; nil: there is no database.
    var databaseURL: String?

    /// A second within an hour, a minute and a day that have one before and after.
    static let start = Timestamp("2026-06-01T12:00:00Z")!
    static let shards = 2

    static func inMemory() async throws -> StoreUnderTest {
        let database = InMemoryDatabase(shards: shards, clock: { start })
        let store = InMemoryStore(database)
        return try await StoreUnderTest(
            loader: store, secondLoader: InMemoryStore(database), outcomes: store, monitor: store,
            registry: InMemoryRegistry(store: store)
        ).withDays()
    }

    private static let databases = Mutex(0)

    /// A database with the schema, of which each test takes a copy. Made once: roles belong to the whole server.
    private static let template = Task {
        let server = try await TestServer.sharedPostgres.value
        try await run("create database stores")
        let url = server.postgresURL(database: "stores")
        try await Migrator(url: url, password: TestServer.password, shards: shards).run()
        return server
    }

    private static func run(_ statement: String) async throws {
        let url = try await TestServer.sharedPostgres.value.postgresURL()
        let admin = PostgresConnection(.init(url: url, applicationName: "test"))
        try await admin.run(script: statement)
        await admin.close()
    }

    static func postgres() async throws -> StoreUnderTest {
        let server = try await template.value
        let name = databases.withLock { count in
            count += 1
            return "stores\(count)"
        }
        try await run("create database \(name) template stores")
        let url = server.postgresURL(user: "headgate_engine", database: name)
        return try await StoreUnderTest(
            loader: PostgresLoaderStore(url: url), secondLoader: PostgresLoaderStore(url: url),
            outcomes: PostgresOutcomeStore(url: url), monitor: PostgresMonitorStore(url: url),
            registry: PostgresRegistryUnderTest(
                registry: PostgresRegistry(
                    url: server.postgresURL(user: "headgate_api", database: name), connections: 1)),
            databaseURL: server.postgresURL(database: name)
        ).withDays()
    }

    private func withDays() async throws -> StoreUnderTest {
        for day in -1...3 {
            _ = try await monitor.addDay(StoreUnderTest.start + .seconds(86_400 * day))
        }
        return self
    }

    // MARK: Shorthand

    var start: Timestamp { StoreUnderTest.start }

    /// A schedule of shard 0 that runs each minute, from a time on.
    @discardableResult
    func register(
        _ name: ScheduleName, action: [UInt8] = [7], paused: Bool? = nil, at now: Timestamp = start
    ) async throws -> PutResult {
        var random = SystemRandomNumberGenerator()
        let write = ScheduleWrite(
            tenant: "acme", name: name, id: .v7(at: now, using: &random), shard: 0, timing: [1], action: action,
            paused: paused, next: { Minutes.next(atOrAfter: $0) })
        return try await registry.put([write], now: now)[0]
    }

    /// Claims what is due before a horizon; each schedule gets one trigger, and is due again a minute later.
    func claim(
        pass: Int = 1, state: TriggerState = .queued, from floor: Timestamp = .epoch, through: Duration = .zero,
        limit: Int = 100, beforeCommit: @escaping @Sendable () throws -> Void = {}
    ) async throws -> ClaimResult? {
        try await loader.claimSchedules(
            shard: 0, pass: pass, from: floor, before: start + through + .milliseconds(1), limit: limit,
            plan: { Minutes.plan($0, state: state) }, beforeCommit: beforeCommit)
    }

    /// What a claim of all that is due sees; it is planned as usual.
    func claimed(pass: Int) async throws -> [ClaimedSchedule] {
        let seen = Mutex<[ClaimedSchedule]>([])
        _ = try await loader.claimSchedules(
            shard: 0, pass: pass, from: .epoch, before: start + .milliseconds(1), limit: 100,
            plan: { schedules in
                seen.withLock { $0 = schedules }
                return Minutes.plan(schedules, state: .queued)
            }, beforeCommit: {})
        return seen.withLock { $0 }
    }

    /// Registers a schedule and queues its first trigger.
    func queue(_ name: ScheduleName, pass: Int = 1) async throws -> TriggerID {
        try await register(name)
        return try await claim(pass: pass)!.toSend.last!.message.id
    }

    func record(
        _ id: TriggerID, _ state: TriggerState, attempt: Int = 1, redrive: Int = 0, reason: String? = nil
    ) async throws -> RecordResult {
        try await outcomes.record([
            TriggerOutcome(id: id, redrive: redrive, attempt: attempt, state: state, reason: reason)
        ])
    }

    func trigger(_ id: TriggerID) async throws -> TriggerRow {
        try await registry.trigger(id) ?? { throw TestServerError(description: "no trigger \(id)") }()
    }

    func schedule(_ name: ScheduleName) async throws -> ScheduleRow? { try await registry.schedule(name) }

    /// What the monitor would look at now.
    func overdue(at now: Timestamp) async throws -> [OverdueTrigger] {
        try await monitor.sweep(now: now)
        return try await monitor.takeOverdue(now: now, limit: 100)
    }

    func shard(through: Duration = .zero) async throws -> ShardOverview {
        try await loader.overview(of: [0], before: start + through + .milliseconds(1))[0]
    }
}

/// A calendar of whole minutes.
enum Minutes {
    static func next(atOrAfter time: Timestamp) -> Timestamp {
        Timestamp(seconds: (time.seconds + 59) / 60 * 60)
    }

    static func plan(_ schedules: [ClaimedSchedule], state: TriggerState) -> ShardPlan {
        var plan = ShardPlan()
        for (index, schedule) in schedules.enumerated() {
            plan.rearms.append(.init(nextAt: schedule.nextAt + .seconds(60), fired: schedule.fired + 1))
            let key = TriggerKey(
                schedule: schedule.id, kind: .scheduled, revision: schedule.revision, occurrence: schedule.nextAt)
            plan.rows.append(
                NewTrigger(
                    id: key.id(), state: state, source: index, occurrence: schedule.nextAt,
                    plannedAt: schedule.nextAt, deadline: schedule.nextAt + .seconds(300)))
        }
        return plan
    }
}
