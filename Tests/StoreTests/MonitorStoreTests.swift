import Model
import Store
import Testing

/// What every store keeps to, for monitors.
@Suite(.serialized) struct MonitorStoreTests {
    @Test(arguments: Driver.allCases)
    func `an unsettled trigger is overdue a minute after its time, and looked at once a minute`(driver: Driver)
        async throws
    {
        let it = try await driver.make()
        let id = try await it.queue("nightly")
        #expect(try await it.overdue(at: it.start + .seconds(60)).isEmpty)
        let late = try await it.overdue(at: it.start + .seconds(61))
        #expect(late.map(\.id) == [id] && late[0].state == .queued && late[0].trigger?.hasAction == true)
        #expect(try await it.overdue(at: it.start + .seconds(120)).isEmpty)
        #expect(try await it.overdue(at: it.start + .seconds(121)).map(\.id) == [id])
    }

    @Test(arguments: Driver.allCases)
    func `a trigger that is planned behind the sweep is overdue all the same`(driver: Driver) async throws {
        let it = try await driver.make()
        try await it.register("nightly")
        let now = it.start + .seconds(90)
        #expect(try await it.overdue(at: now).isEmpty)
        // Its loader stood still for a minute and a half after it had read the clock.
        let id = try #require(try await it.claim()?.toSend.first?.message.id)
        #expect(try await it.overdue(at: now + .seconds(60)).map(\.id) == [id])
    }

    @Test(arguments: Driver.allCases)
    func `a settled trigger leaves the list, unless it was put there again since`(driver: Driver) async throws {
        let it = try await driver.make()
        let (done, again) = (try await it.queue("a"), try await it.queue("b"))
        let now = it.start + .seconds(61)
        #expect(try await it.overdue(at: now).count == 2)
        for id in [done, again] { _ = try await it.record(id, .dead) }
        _ = try await it.registry.redrive([again], deadline: now, now: now + .seconds(1))
        try await it.monitor.dropOverdue([done, again], takenAt: now)
        #expect(try await it.overdue(at: now + .seconds(600)).map(\.id) == [again])
    }

    @Test(arguments: Driver.allCases)
    func `after a loss of the queue everything on the list is due for a look`(driver: Driver) async throws {
        let it = try await driver.make()
        let id = try await it.queue("nightly")
        let now = it.start + .seconds(61)
        _ = try await it.overdue(at: now)
        try await it.monitor.recheckOverdue(now: now + .seconds(1))
        #expect(try await it.overdue(at: now + .seconds(1)).map(\.id) == [id])
        #expect(try await it.monitor.unsettled(after: nil, limit: 9).isEmpty, "it is on the list, not before the mark")
        #expect(try await it.monitor.generation() == RecordedGeneration())
        try await it.monitor.setGeneration(RecordedGeneration(counter: 3, run: "r"))
        #expect(try await it.monitor.generation() == RecordedGeneration(counter: 3, run: "r"))
    }

    @Test(arguments: Driver.allCases)
    func `what the queue lost together with its action is cancelled`(driver: Driver) async throws {
        let it = try await driver.make()
        let (queued, settled) = (try await it.queue("a"), try await it.queue("b"))
        _ = try await it.record(settled, .delivered)
        try await it.monitor.cancelLost([queued, settled])
        #expect(try await it.trigger(queued).state == .cancelled)
        #expect(try await it.trigger(queued).reason?.hasPrefix("lost") == true)
        #expect(try await it.trigger(settled).state == .delivered)
    }

    @Test(arguments: Driver.allCases)
    func `a day is made once, and kept while a trigger in it is unsettled`(driver: Driver) async throws {
        let it = try await driver.make()
        let id = try await it.queue("nightly")
        #expect(try await !it.monitor.addDay(it.start))
        let today = try #require(
            try await it.monitor.days().first { $0.start.seconds == it.start.seconds / 86_400 * 86_400 })
        #expect(try await !it.monitor.dropDay(today))
        _ = try await it.record(id, .delivered)
        #expect(try await it.monitor.dropDay(today))
        #expect(try await it.registry.trigger(id) == nil)
        #expect(try await it.record(id, .delivered, attempt: 2).orphaned == 1)
        await #expect(throws: (any Error).self, "its day has no table") {
            _ = try await it.claim(through: .seconds(60))
        }
    }
}
