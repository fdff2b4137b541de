import Model
import Postgres
import Store
import TestServers
import Testing

/// What every store keeps to, for historians.
@Suite(.serialized) struct OutcomeStoreTests {
    /// Two calls can share an attempt's number after Redis went back (protocols.md, 6, 7a).
    @Test(arguments: Driver.allCases)
    func `a final outcome ends an open trigger whose attempt is recorded already`(driver: Driver) async throws {
        let it = try await driver.make()
        let id = try await it.queue("nightly")
        _ = try await it.record(id, .queued, reason: "status 503")
        #expect(try await it.record(id, .queued, reason: "status 503").repeated == 1)
        #expect(try await it.record(id, .delivered).recorded == 1)
        let row = try await it.trigger(id)
        #expect(row.state == .delivered && row.attempts == 1 && row.reason == nil)
        #expect(
            TriggerOutcome.parse(row.log).outcomes.map(\.state) == [.queued, .delivered], "the later one is appended")
        #expect(try await it.record(id, .rejected).repeated == 1)
        #expect(try await it.trigger(id).state == .delivered)
    }

    @Test(arguments: Driver.allCases)
    func `an outcome is recorded once, however often it comes`(driver: Driver) async throws {
        let it = try await driver.make()
        let id = try await it.queue("nightly")
        #expect(try await it.record(id, .queued, reason: "status 500").recorded == 1)
        let again = try await it.record(id, .queued, reason: "status 500")
        #expect(again.recorded == 0 && again.repeated == 1)
        let row = try await it.trigger(id)
        #expect(row.state == .queued && row.attempts == 1 && row.reason == "status 500")
        #expect(row.log.filter { $0 == 10 }.count == 1)
    }

    @Test(arguments: Driver.allCases)
    func `several attempts in one batch are recorded in order`(driver: Driver) async throws {
        let it = try await driver.make()
        let id = try await it.queue("nightly")
        let outcomes = [3, 1, 2].map { attempt in
            TriggerOutcome(
                id: id, redrive: 0, attempt: attempt, state: attempt == 3 ? .delivered : .queued,
                latenessMilliseconds: attempt == 1 ? 12 : nil, reason: attempt == 3 ? nil : "attempt \(attempt)")
        }
        #expect(try await it.outcomes.record(outcomes).recorded == 3)
        let row = try await it.trigger(id)
        #expect(row.state == .delivered && row.attempts == 3 && row.reason == nil && row.latenessMilliseconds == 12)
        #expect(TriggerOutcome.parse(row.log).outcomes.map(\.attempt) == [1, 2, 3])
    }

    @Test(arguments: Driver.allCases)
    func `a final state never regresses, but a late attempt is noted`(driver: Driver) async throws {
        let it = try await driver.make()
        let id = try await it.queue("nightly")
        #expect(try await it.record(id, .delivered, attempt: 2).recorded == 1)
        #expect(try await it.record(id, .queued, attempt: 1).recorded == 1)
        #expect(try await it.record(id, .dead, attempt: 0, reason: "received 30 times").repeated == 1)
        #expect(try await it.record(id, .rejected, attempt: 3, reason: "status 404").recorded == 1)
        let row = try await it.trigger(id)
        #expect(row.state == .delivered && row.attempts == 3 && row.reason == nil)
    }

    @Test(arguments: Driver.allCases)
    func `an outcome without a trigger is counted, and stops no other`(driver: Driver) async throws {
        let it = try await driver.make()
        let id = try await it.queue("nightly")
        let stranger = TriggerKey(
            schedule: ScheduleID(high: 1, low: 2), kind: .manual, revision: 9, occurrence: it.start
        ).id()
        let result = try await it.outcomes.record([
            TriggerOutcome(id: stranger, redrive: 0, attempt: 1, state: .delivered),
            TriggerOutcome(id: id, redrive: 0, attempt: 1, state: .delivered),
        ])
        #expect(result.recorded == 1 && result.orphaned == 1 && result.repeated == 0)
    }

    @Test func `a value that Postgres refuses is found by halving, and takes no other with it`() async throws {
        let it = try await Driver.postgres.make()
        var ids: [TriggerID] = []
        for index in 0..<9 { ids.append(try await it.queue(ScheduleName(checked: "s\(index)"))) }
        var outcomes = ids.map { TriggerOutcome(id: $0, redrive: 0, attempt: 1, state: .delivered) }
        // No text of Postgres holds a NUL.
        for index in [3, 8] { outcomes[index].reason = "a\0b" }
        let result = try await it.outcomes.record(outcomes)
        #expect(result.recorded == 7 && result.refused == 2 && result.repeated == 0 && result.orphaned == 0)
        var states: [TriggerState] = []
        for id in ids { states.append(try await it.trigger(id).state) }
        #expect(states.enumerated().allSatisfy { $0.element == ([3, 8].contains($0.offset) ? .queued : .delivered) })
    }

    /// Only then it writes no index, and leaves nothing for vacuum.
    @Test func `recording is a HOT update`() async throws {
        let it = try await Driver.postgres.make()
        var ids: [TriggerID] = []
        for index in 0..<40 { ids.append(try await it.queue(ScheduleName(checked: "s\(index)"))) }
        // One by one: of a page of new rows whose records all grow in one statement, some move to another page.
        for id in ids {
            let outcome = TriggerOutcome(
                id: id, redrive: 0, attempt: 1, state: .delivered, startedAt: it.start, durationMilliseconds: 12,
                status: 200, latenessMilliseconds: 3, body: Array("ok".utf8))
            #expect(try await it.outcomes.record([outcome]).recorded == 1)
        }
        let admin = PostgresConnection(.init(url: try #require(it.databaseURL), applicationName: "test"))
        let sums = Statement(
            """
            select sum(n_tup_upd) >= 40 and sum(n_tup_hot_upd) * 2 >= sum(n_tup_upd)
            from pg_stat_user_tables where relname ~ '^trigger_'
            """)
        // The server tells its statistics a little later. Something with an older snapshot may keep a page from being tidied up; with an index
        // of what changes, none would be HOT.
        try await eventually("the updates are counted, most of them HOT") {
            try await admin.value(StatementCall(sums), .bool) == true
        }
    }

    @Test(arguments: Driver.allCases)
    func `a redrive counts attempts anew, and outcomes of before it come too late`(driver: Driver) async throws {
        let it = try await driver.make()
        let id = try await it.queue("nightly")
        #expect(try await it.registry.redrive([id], deadline: it.start, now: it.start).isEmpty, "it is not dead")
        _ = try await it.record(id, .dead, attempt: 1, reason: "status 500, after 1 attempts")
        let deadline = it.start + .seconds(9_000)
        #expect(try await it.registry.redrive([id], deadline: deadline, now: it.start).map(\.message.id) == [id])
        let queued = try await it.trigger(id)
        #expect(queued.state == .queued && queued.redrive == 1 && queued.attempts == 0 && queued.deadline == deadline)
        #expect(try await it.record(id, .dead, attempt: 2).recorded == 0)
        #expect(try await it.record(id, .delivered, attempt: 1, redrive: 1).recorded == 1)
        let row = try await it.trigger(id)
        #expect(row.state == .delivered && row.attempts == 1)
    }

    @Test(arguments: Driver.allCases)
    func `the reason of a cancel outlives failed attempts, and a delivery outlives the cancel`(driver: Driver)
        async throws
    {
        let it = try await driver.make()
        let id = try await it.queue("nightly")
        _ = try await it.registry.requestCancel(id, now: it.start)
        _ = try await it.record(id, .queued, attempt: 1, reason: "status 500")
        #expect(try await it.trigger(id).reason == "cancelled")
        _ = try await it.record(id, .delivered, attempt: 2)
        try await it.monitor.settleCancelled([CancelledTrigger(id, mayBeCalled: false)])
        #expect(try await it.trigger(id).state == .delivered)
    }
}
