import Model
import Store
import Testing

/// What every store keeps to, for loaders. A change of semantics starts here.
@Suite(.serialized) struct LoaderStoreTests {
    @Test(arguments: Driver.allCases)
    func `a due schedule is claimed once, re-armed, and its trigger returned to be sent`(driver: Driver) async throws {
        let it = try await driver.make()
        let row = try await it.register("nightly").row
        #expect(row.nextAt == it.start && row.revision == 1)
        #expect(try await it.shard().hasDueSchedules)
        let claim = try #require(try await it.claim())
        #expect(claim.claimed == 1)
        let sent = try #require(claim.toSend.first)
        #expect(sent.message.schedule == "nightly" && sent.message.occurrence == it.start && sent.attempts == 0)
        #expect(sent.message.action == [7])
        #expect(try await it.claim() == nil)
        #expect(try await it.schedule("nightly")?.nextAt == it.start + .seconds(60))
        #expect(try await it.trigger(sent.message.id).state == .queued)
    }

    @Test(arguments: Driver.allCases)
    func `a claim takes the earliest due schedules up to its limit, and none below its floor`(driver: Driver)
        async throws
    {
        let it = try await driver.make()
        for (index, name) in (["c", "a", "b"] as [ScheduleName]).enumerated() {
            try await it.register(name, at: it.start + .seconds(60 * index))
        }
        let claim = try await it.claim(through: .seconds(120), limit: 2)
        #expect(claim?.toSend.map(\.message.schedule) == ["c", "a"])
        #expect(try await it.claim(from: it.start + .seconds(121), through: .seconds(120)) == nil)
        #expect(try await it.claim(from: it.start + .seconds(60), through: .seconds(90))?.claimed == 1)
    }

    @Test(arguments: Driver.allCases)
    func `an error before the commit leaves schedules and triggers as they were`(driver: Driver) async throws {
        let it = try await driver.make()
        try await it.register("nightly")
        await #expect(throws: (any Error).self) {
            _ = try await it.claim(beforeCommit: { throw CancellationError() })
        }
        #expect(try await it.schedule("nightly")?.nextAt == it.start)
        #expect(try await it.claim()?.toSend.count == 1)
    }

    @Test(arguments: Driver.allCases)
    func `a trigger planned again is neither inserted nor sent a second time`(driver: Driver) async throws {
        let it = try await driver.make()
        let id = try await it.queue("nightly")
        _ = try await it.record(id, .delivered)
        let claim = try await it.loader.claimSchedules(
            shard: 0, pass: 2, from: .epoch, before: it.start + .seconds(61), limit: 10,
            plan: { schedules in
                var plan = Minutes.plan(schedules, state: .queued)
                let key = TriggerKey(
                    schedule: schedules[0].id, kind: .scheduled, revision: 1, occurrence: StoreUnderTest.start)
                plan.rows.append(
                    NewTrigger(
                        id: key.id(), state: .queued, source: 0, occurrence: StoreUnderTest.start,
                        plannedAt: StoreUnderTest.start, deadline: StoreUnderTest.start + .seconds(60)))
                return plan
            }, beforeCommit: {})
        #expect(claim?.toSend.map(\.message.occurrence) == [it.start + .seconds(60)])
        #expect(try await it.trigger(id).state == .delivered)
        let unconfirmed = try await it.loader.unconfirmed(shard: 0, confirmed: 1, from: .epoch, after: nil, limit: 10)
        #expect(unconfirmed.map(\.message.occurrence) == [it.start + .seconds(60)])
    }

    @Test(arguments: Driver.allCases)
    func `queued triggers of a pass are found again, in order, until the pass is confirmed`(driver: Driver)
        async throws
    {
        let it = try await driver.make()
        for name: ScheduleName in ["a", "b", "c"] { try await it.register(name) }
        let pass = try await it.loader.beginPass(shard: 0)
        #expect(pass == 1)
        let sent = try await it.claim(pass: pass)!.toSend.map(\.message.id).sorted()
        let shard = try await it.shard()
        #expect(shard.pass == 1 && shard.confirmedPass == 0 && shard.unconfirmedLow == it.start)
        let first = try await it.loader.unconfirmed(shard: 0, confirmed: 0, from: .epoch, after: nil, limit: 2)
        #expect(first.map(\.message.id) == Array(sent[..<2]))
        let rest = try await it.loader.unconfirmed(
            shard: 0, confirmed: 0, from: .epoch, after: (it.start, sent[1]), limit: 2)
        #expect(rest.map(\.message.id) == [sent[2]])
        try await it.loader.confirmPass(shard: 0, pass: pass)
        #expect(try await it.shard().confirmedPass == 1)
        #expect(try await it.loader.unconfirmed(shard: 0, confirmed: 1, from: .epoch, after: nil, limit: 9).isEmpty)
    }

    @Test(arguments: Driver.allCases)
    func `a pass is confirmed only after those before it, and all of them at once after sending again`(driver: Driver)
        async throws
    {
        let it = try await driver.make()
        for _ in 1...3 { _ = try await it.loader.beginPass(shard: 0) }
        try await it.loader.confirmPass(shard: 0, pass: 3)
        #expect(try await it.shard().confirmedPass == 0)
        try await it.loader.confirmAllPasses(shard: 0, upTo: 2)
        #expect(try await it.shard().confirmedPass == 2)
        try await it.loader.confirmPass(shard: 0, pass: 3)
        #expect(try await it.shard().confirmedPass == 3)
        try await it.loader.confirmAllPasses(shard: 0, upTo: 1)
        #expect(try await it.shard().confirmedPass == 3)
    }

    @Test(arguments: Driver.allCases)
    func `a settled or cancelled trigger is not sent again`(driver: Driver) async throws {
        let it = try await driver.make()
        let (settled, asked, open) = (try await it.queue("a"), try await it.queue("b"), try await it.queue("c"))
        _ = try await it.record(settled, .rejected)
        _ = try await it.registry.requestCancel(asked, now: it.start)
        let again = try await it.loader.unconfirmed(shard: 0, confirmed: 0, from: .epoch, after: nil, limit: 9)
        #expect(again.map(\.message.id) == [open])
        #expect(try await it.monitor.unsettled(after: nil, limit: 9).map(\.message.id) == [open])
    }

    @Test(arguments: Driver.allCases)
    func `a planned trigger is queued by the claim of the pass that sends it`(driver: Driver) async throws {
        let it = try await driver.make()
        try await it.register("nightly")
        #expect(try await it.claim(state: .planned)?.toSend.isEmpty == true)
        #expect(try await it.shard().plannedLow == it.start)
        #expect(
            try await it.loader.claimPlanned(
                shard: 0, pass: 2, from: .epoch, before: it.start, limit: 9
            ).isEmpty)
        let claimed = try await it.loader.claimPlanned(
            shard: 0, pass: 2, from: it.start, before: it.start + .seconds(1), limit: 9)
        #expect(claimed.map(\.message.schedule) == ["nightly"] && claimed[0].message.action == [7])
        #expect(try await it.trigger(claimed[0].message.id).state == .queued)
        #expect(
            try await it.loader.unconfirmed(shard: 0, confirmed: 1, from: .epoch, after: nil, limit: 9).count == 1)
        try await it.loader.raiseFloors(shard: 0, ceiling: it.start, now: it.start)
        #expect(try await it.shard().plannedLow > it.start + .seconds(1_000_000))
    }

    @Test(arguments: Driver.allCases)
    func `a planned trigger expires when its deadline passes, and no earlier`(driver: Driver) async throws {
        let it = try await driver.make()
        try await it.register("nightly")
        _ = try await it.claim(state: .planned)
        func expire(after time: Duration) async throws -> Int {
            try await it.loader.expirePlanned(shard: 0, from: .epoch, now: it.start + time, limit: 9)
        }
        #expect(try await expire(after: .seconds(300)) == 0)
        #expect(try await expire(after: .milliseconds(300_001)) == 1)
        #expect(try await expire(after: .seconds(400)) == 0)
        let planned = try await it.loader.claimPlanned(
            shard: 0, pass: 2, from: .epoch, before: it.start + .seconds(500), limit: 9)
        #expect(planned.isEmpty)
    }

    @Test(arguments: Driver.allCases)
    func `a floor rises to the earliest armed schedule, and a registration lowers it`(driver: Driver) async throws {
        let it = try await driver.make()
        try await it.register("late", at: it.start + .seconds(600))
        try await it.loader.raiseFloors(shard: 0, ceiling: it.start + .seconds(700), now: it.start)
        #expect(try await it.shard().low == it.start + .seconds(600))
        try await it.loader.raiseFloors(shard: 0, ceiling: it.start + .seconds(300), now: it.start)
        #expect(try await it.shard().low == it.start + .seconds(300))
        try await it.register("early", at: it.start)
        #expect(try await it.shard().low == it.start)
    }

    @Test(arguments: Driver.allCases)
    func `a shard has one loader at a time, until that one's connection ends`(driver: Driver) async throws {
        let it = try await driver.make()
        #expect(try await it.loader.shards() == [0, 1])
        #expect(try await it.loader.takeShards([0]) == [0])
        #expect(try await it.secondLoader.takeShards([0, 1]) == [1])
        await it.loader.close()
        // The server may notice the end of a connection a moment later.
        try await eventuallyTakes(0, it.secondLoader)
    }

    private func eventuallyTakes(_ shard: Int, _ loader: any LoaderStore) async throws {
        for _ in 0..<1_000 {
            if try await loader.takeShards([shard]) == [shard] { return }
            await Task.yield()
        }
        Issue.record("shard \(shard) was not taken")
    }

    @Test(arguments: Driver.allCases)
    func `the load that passes add is read back from a second on`(driver: Driver) async throws {
        let it = try await driver.make()
        let second = it.start.seconds
        for name: ScheduleName in ["a", "b"] {
            try await it.register(name)
            _ = try await it.loader.claimSchedules(
                shard: 0, pass: 1, from: .epoch, before: it.start + .seconds(1), limit: 1,
                plan: { schedules in
                    var plan = Minutes.plan(schedules, state: .planned)
                    plan.load = [(second, 2), (second + 5, 1)]
                    return plan
                }, beforeCommit: {})
        }
        let load = try await it.loader.load(shard: 0, from: it.start + .seconds(1))
        #expect(load.map(\.second) == [second + 5] && load.map(\.count) == [2])
        try await it.monitor.dropLoad(before: it.start + .seconds(6))
        #expect(try await it.loader.load(shard: 0, from: it.start).isEmpty)
    }
}
