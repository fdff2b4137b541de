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
        let early = try await it.claim(pass: 3)
        #expect(early?.toSend.isEmpty == true, "what the queue may hold is not decided yet")
        let planned = try await it.claim(pass: 4, through: .seconds(60))
        #expect(planned?.toSend.map(\.message.occurrence) == [it.start + .seconds(60)])
    }

    /// What the queue and the worker make of a trigger whose schedule was changed while it was queued.
    enum Answer: CaseIterable {
        case removed
        case removedAfterReceive
        case deliveredMeanwhile
        case deadMeanwhile
        case retriedThenRemoved
        case releasedThenRemoved
        case neverAnswered

        /// Whether nobody has called or will call the target for the old revision.
        var isNeverCalled: Bool { self == .removed || self == .releasedThenRemoved }
    }

    /// Where the loader's passes fall.
    enum Order: CaseIterable {
        case answerFirst
        case passFirst
        case passBeforeAndAfter
        case anotherChangeBetween
    }

    /// An occurrence is called under one revision only, whatever the interleaving (protocols.md, 8a).
    @Test(arguments: Driver.allCases, Answer.allCases)
    func `a change plans again only what was neither called nor is being called`(driver: Driver, answer: Answer)
        async throws
    {
        for order in Order.allCases {
            let it = try await driver.make()
            let queued = try await it.queue("nightly")
            _ = try await it.register("nightly", action: [8], at: it.start)
            var sent: [QueuedTrigger] = []
            var pass = 1
            func claim() async throws {
                pass += 1
                sent += try await it.claim(pass: pass)?.toSend ?? []
            }
            func settle(mayBeCalled: Bool) async throws {
                try await it.monitor.settleCancelled([CancelledTrigger(queued, mayBeCalled: mayBeCalled)])
            }
            if order != .answerFirst { try await claim() }
            if order == .anotherChangeBetween {
                _ = try await it.register("nightly", action: [9], at: it.start)
                try await claim()
            }
            switch answer {
            case .removed, .releasedThenRemoved: try await settle(mayBeCalled: false)
            case .removedAfterReceive: try await settle(mayBeCalled: true)
            case .deliveredMeanwhile: _ = try await it.record(queued, .delivered)
            case .deadMeanwhile: _ = try await it.record(queued, .dead)
            case .retriedThenRemoved:
                _ = try await it.record(queued, .queued)
                try await settle(mayBeCalled: false)
            case .neverAnswered: break
            }
            for _ in 0..<(order == .passBeforeAndAfter ? 3 : 2) { try await claim() }
            let again = sent.filter { $0.message.occurrence == it.start }
            #expect(again.count == (answer.isNeverCalled ? 1 : 0), "\(answer) \(order)")
            let newest: [UInt8] = order == .anotherChangeBetween ? [9] : [8]
            #expect(again.allSatisfy { $0.message.action == newest })
            let state = try await it.trigger(queued).state
            #expect(answer == .neverAnswered ? state == .queued : state.isFinal)
        }
    }

    /// What a target sees tells it that it is the same occurrence.
    @Test(arguments: Driver.allCases)
    func `the key of an occurrence survives a change of its schedule`(driver: Driver) async throws {
        let it = try await driver.make()
        try await it.register("nightly")
        let first = try #require(try await it.claim()?.toSend.first)
        _ = try await it.register("nightly", action: [8], at: it.start)
        try await it.monitor.settleCancelled([CancelledTrigger(first.message.id, mayBeCalled: false)])
        let second = try #require(try await it.claim(pass: 2)?.toSend.first)
        #expect(second.message.id != first.message.id && second.message.key == first.message.key)
        let key = TriggerKey(
            schedule: try await it.trigger(first.message.id).schedule, kind: .scheduled, revision: 7,
            occurrence: it.start)
        #expect(first.message.key == key.idempotencyKey && first.message.key.v7Time == it.start)
    }

    /// Those that were fired, backfilled or made one by one carry their action and go on (protocols.md, 9a).
    @Test(arguments: Driver.allCases)
    func `what is sent again after a change has the action of its own revision`(driver: Driver) async throws {
        let it = try await driver.make()
        let queued = try await it.queue("nightly")
        _ = try await it.record(queued, .dead)
        _ = try await it.register("nightly", action: [8], at: it.start)
        let again = try await it.registry.redrive([queued], deadline: it.start + .seconds(60), now: it.start)
        #expect(again.map(\.message.action) == [[7]] && again.map(\.message.redrive) == [1])
        let overdue = try await it.overdue(at: it.start + .seconds(60))
        #expect(overdue.compactMap(\.trigger?.message.action) == [[7]])
        _ = try await it.record(queued, .dead, redrive: 1)
        _ = try await it.registry.delete("nightly", now: it.start)
        let third = try await it.registry.redrive([queued], deadline: it.start + .seconds(60), now: it.start)
        #expect(third.map(\.message.action) == [[7]] && third.map(\.message.tenant) == ["acme"])
    }

    @Test(arguments: Driver.allCases)
    func `a cancelled trigger of an update lets the schedule go back to its occurrence`(driver: Driver) async throws {
        let it = try await driver.make()
        let queued = try await it.queue("nightly")
        _ = try await it.register("nightly", action: [8], at: it.start + .seconds(30))
        #expect(try await it.schedule("nightly")?.nextAt == it.start + .seconds(60))
        try await it.registry.settleCancelled([queued], reason: .superseded)
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
        try await it.registry.settleCancelled([queued], reason: .superseded)
        #expect(try await it.schedule("nightly")?.nextAt == it.start)
        #expect(try await it.claimed(pass: 3).map(\.ahead) == [it.start + .seconds(60)..<it.start + .seconds(120)])
    }

    @Test(arguments: Driver.allCases)
    func `what a pause takes back no longer counts as fired`(driver: Driver) async throws {
        let it = try await driver.make()
        let queued = try await it.queue("nightly")
        _ = try await it.registry.pause("nightly", now: it.start)
        try await it.monitor.settleCancelled([CancelledTrigger(queued, mayBeCalled: false)])
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
        try await it.monitor.settleCancelled([CancelledTrigger(queued, mayBeCalled: false)])
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
        try await it.monitor.settleCancelled([CancelledTrigger(first, mayBeCalled: false)])
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
        #expect(overdue[0].trigger?.message.action == [7], "its action is kept while it is open")
        try await it.monitor.settleCancelled([CancelledTrigger(queued, mayBeCalled: false)])
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
