import Model
import Store
import Testing

/// What every store keeps to, for changes of schedules while their triggers are under way.
@Suite(.serialized) struct RegistryTests {
    @Test(arguments: Driver.allCases)
    func `an unchanged write keeps the revision, and a changed one plans on from now`(driver: Driver) async throws {
        let it = try await driver.make()
        let first = try await it.register("nightly")
        #expect(first.isCreated)
        let same = try await it.register("nightly", at: it.start + .seconds(30))
        #expect(!same.isCreated && same.row.revision == 1 && same.row.id == first.row.id && same.cancelled.isEmpty)
        let changed = try await it.register("nightly", action: [8], at: it.start + .seconds(30))
        #expect(changed.row.revision == 2 && changed.row.nextAt == it.start, "nobody has planned it")
        #expect(try await it.claim()?.toSend.first?.message.action == [8])
    }

    @Test(arguments: Driver.allCases)
    func `an update asks to cancel what is queued, and plans a trigger that was only planned again`(driver: Driver)
        async throws
    {
        let it = try await driver.make()
        let queued = try await it.queue("nightly")
        _ = try await it.claim(pass: 2, state: .planned, through: .seconds(60))
        let changed = try await it.register("nightly", action: [8], at: it.start)
        #expect(changed.cancelled == [queued])
        #expect(changed.row.nextAt == it.start, "of now, which comes before what was cancelled")
        let row = try await it.trigger(queued)
        #expect(row.state == .queued && row.isCancelRequested && row.reason == "superseded")
        let planned = try await it.claim(pass: 3, through: .seconds(60))
        #expect(planned?.toSend.map(\.message.occurrence) == [it.start])
    }

    @Test(arguments: Driver.allCases)
    func `a cancelled trigger of an update lets the schedule go back to its occurrence`(driver: Driver) async throws {
        let it = try await driver.make()
        let queued = try await it.queue("nightly")
        _ = try await it.register("nightly", action: [8], at: it.start + .seconds(30))
        #expect(try await it.schedule("nightly")?.nextAt == it.start + .seconds(60))
        try await it.registry.settleCancelled([queued], reason: "superseded")
        #expect(try await it.trigger(queued).state == .cancelled)
        let row = try #require(try await it.schedule("nightly"))
        #expect(row.nextAt == it.start && row.revision == 2)
        #expect(try await it.claim(pass: 2)?.toSend.map(\.message.occurrence) == [it.start])
    }

    @Test(arguments: Driver.allCases)
    func `a schedule that goes back knows what its younger revision has planned`(driver: Driver) async throws {
        let it = try await driver.make()
        let queued = try await it.queue("nightly")
        _ = try await it.register("nightly", action: [8], at: it.start + .seconds(30))
        _ = try await it.claim(pass: 2, through: .seconds(60))
        try await it.registry.settleCancelled([queued], reason: "superseded")
        #expect(try await it.schedule("nightly")?.nextAt == it.start)
        #expect(try await it.claimed(pass: 3).map(\.ahead) == [it.start + .seconds(60)..<it.start + .seconds(120)])
    }

    @Test(arguments: Driver.allCases)
    func `what a pause takes back no longer counts as fired`(driver: Driver) async throws {
        let it = try await driver.make()
        let queued = try await it.queue("nightly")
        _ = try await it.registry.pause("nightly", now: it.start)
        try await it.monitor.settleCancelled([queued])
        _ = try await it.registry.resume("nightly", now: it.start)
        #expect(try await it.claimed(pass: 2).map(\.fired) == [0])
    }

    @Test(arguments: Driver.allCases)
    func `a pause keeps the place, raises the revision of what it took back, and a resume goes on there`(
        driver: Driver
    ) async throws {
        let it = try await driver.make()
        let queued = try await it.queue("nightly")
        #expect(try await it.registry.pause("nightly", now: it.start) == [queued])
        let paused = try #require(try await it.schedule("nightly"))
        #expect(paused.state == .paused && paused.nextAt == nil && paused.resumeAt == it.start + .seconds(60))
        try await it.monitor.settleCancelled([queued])
        let back = try #require(try await it.schedule("nightly"))
        #expect(back.resumeAt == it.start && back.revision == 2)
        #expect(try await it.claim(through: .seconds(600)) == nil)
        #expect(try await it.registry.resume("nightly", now: it.start + .seconds(600)))
        #expect(try await it.schedule("nightly")?.nextAt == it.start)
        #expect(try await it.shard().low <= it.start)
        let claim = try await it.claim(pass: 2)
        #expect(claim?.toSend.count == 1 && claim?.toSend.first?.message.id != queued)
    }

    @Test(arguments: Driver.allCases)
    func `a schedule does not go back before what is settled`(driver: Driver) async throws {
        let it = try await driver.make()
        let first = try await it.queue("nightly")
        let second = try await it.claim(pass: 2, through: .seconds(60))!.toSend[0].message.id
        _ = try await it.record(second, .delivered)
        _ = try await it.registry.pause("nightly", now: it.start)
        try await it.monitor.settleCancelled([first])
        #expect(try await it.trigger(first).state == .cancelled)
        let row = try #require(try await it.schedule("nightly"))
        #expect(row.resumeAt == it.start + .seconds(120) && row.revision == 1)
    }

    @Test(arguments: Driver.allCases)
    func `a deleted schedule's triggers are asked to be cancelled, and its name is free`(driver: Driver) async throws {
        let it = try await driver.make()
        let queued = try await it.queue("nightly")
        _ = try await it.claim(pass: 2, state: .planned, through: .seconds(60))
        #expect(try await it.registry.delete("nightly", now: it.start) == [queued])
        #expect(try await it.registry.delete("nightly", now: it.start) == nil)
        let overdue = try await it.overdue(at: it.start + .seconds(5))
        #expect(overdue.map(\.id) == [queued] && overdue[0].isCancelRequested)
        #expect(overdue[0].trigger?.hasAction == false)
        try await it.monitor.settleCancelled([queued])
        #expect(try await it.trigger(queued).state == .cancelled)
        #expect(try await it.register("nightly").isCreated)
    }

    @Test(arguments: Driver.allCases)
    func `a cancel of one trigger leaves its schedule where it is`(driver: Driver) async throws {
        let it = try await driver.make()
        try await it.register("nightly")
        _ = try await it.claim(state: .planned)
        let planned = try await it.monitor.days().isEmpty ? nil : it.schedule("nightly")
        let key = TriggerKey(schedule: planned!.id, kind: .scheduled, revision: 1, occurrence: it.start).id()
        #expect(try await it.registry.requestCancel(key, now: it.start)?.state == .cancelled)
        #expect(try await it.schedule("nightly")?.nextAt == it.start + .seconds(60))
        #expect(
            try await it.loader.claimPlanned(
                shard: 0, pass: 2, from: .epoch, before: it.start + .seconds(9), limit: 9
            ).isEmpty)
    }
}
