import Model
import Store
import TestServers
import Testing

/// What every store of executions keeps to, for loaders, the monitor and starts by triggers.
@Suite(.serialized) struct ExecutionUpkeepTests {
    // MARK: Wakes

    @Test(arguments: Driver.allCases)
    func `wakes of a bucket come in the order of their times, page by page`(driver: Driver) async throws {
        let it = try await FlowStoresUnderTest.make(driver)
        let numbers = (1...2_000 as ClosedRange<UInt64>).filter { it.id($0).bucket == 5 }.prefix(6)
        for number in numbers { try await it.start(number) }
        // Two at the same time, and one beyond the horizon.
        let delays: [Int64] = [30, 10, 20, 20, 40, 90]
        for (number, delay) in zip(numbers, delays) {
            let due = it.now + .seconds(delay)
            try await it.write(number) { write, _ in write.wake = .set(due) }
        }
        var place = WakePlace(bucket: 5, due: .distantPast)
        var found: [WakeRow] = []
        while true {
            let page = try await it.wakes.wakes([place], before: it.now + .seconds(60), limit: 2)
            guard let last = page.last else { break }
            found += page
            place = WakePlace(bucket: 5, due: last.due, execution: last.execution)
        }
        let expected = [numbers[1], numbers[2], numbers[3], numbers[0], numbers[4]].map { it.id($0) }
        #expect(found.map(\.execution) == expected && found.allSatisfy { $0.tenant == "acme" && $0.bucket == 5 })
        let others = try await it.wakes.wakes([WakePlace(bucket: 6, due: .distantPast)], before: it.now, limit: 9)
        #expect(others.isEmpty)
    }

    @Test(arguments: Driver.allCases)
    func `a group of buckets has one holder, until its session ends`(driver: Driver) async throws {
        let it = try await FlowStoresUnderTest.make(driver)
        #expect(try await it.wakes.takeGroups([0, 1]) == [0, 1])
        #expect(try await it.secondWakes.takeGroups([0, 1, 2]) == [2])
        await it.wakes.close()
        // A server may notice the end of a session a moment later.
        var taken: Set<Int> = []
        try await eventually("the groups are free") {
            taken.formUnion(try await it.secondWakes.takeGroups([0, 1]))
            return taken == [0, 1]
        }
    }

    // MARK: Arrivals

    @Test(arguments: Driver.allCases)
    func `unapplied arrivals are read page by page, and those of executions that are gone are dropped`(
        driver: Driver
    ) async throws {
        let it = try await FlowStoresUnderTest.make(driver)
        try await it.start(1, 2)
        for (number, age) in [(1, 30), (2, 20), (1, 10), (2, -60)] as [(UInt64, Int64)] {
            _ = try await it.registry.add(
                .callback, [], to: it.id(number), tenant: "acme", now: it.now - .seconds(age))
        }
        // Of an execution that does not exist.
        try await it.executions.store(answers: [(it.id(3), "acme", [])], now: it.now - .seconds(15))
        func pages() async throws -> [UnappliedArrival] {
            var found: [UnappliedArrival] = []
            while true {
                let page = try await it.upkeep.unapplied(after: found.last, before: it.now, limit: 2)
                found += page
                if page.count < 2 { return found }
            }
        }
        let found = try await pages()
        #expect(found.map(\.execution) == [it.id(1), it.id(2), it.id(3), it.id(1)])
        #expect(found.map(\.isKnown) == [true, true, false, true])
        try await it.upkeep.drop(found.filter { !$0.isKnown })
        #expect(try await pages() == found.filter(\.isKnown))
    }

    // MARK: The end

    @Test(arguments: Driver.allCases)
    func `an execution leaves when its time has come, unless it runs again`(driver: Driver) async throws {
        let it = try await FlowStoresUnderTest.make(driver)
        try await it.start(1, 2, 3, 4)
        try await it.end(1)
        try await it.end(2, .failed, keep: .seconds(10))
        try await it.write(2)
        // It ended, ran again, and ended anew.
        try await it.end(3, .failed, keep: .seconds(10))
        try await it.write(3)
        try await it.end(3, .failed, keep: .seconds(500))
        #expect(try await it.upkeep.forgetEnded(before: it.now, limit: 10) == 0)
        #expect(try await it.upkeep.forgetEnded(before: it.now + .seconds(200), limit: 10) == 1)
        #expect(try await it.read(1) == nil)
        #expect(try await it.read(2) != nil)
        #expect(try await it.read(3) != nil)
        #expect(try await it.upkeep.forgetEnded(before: it.now + .seconds(900), limit: 10) == 1)
        #expect(try await it.read(3) == nil)
        #expect(try await it.read(4) != nil)
    }

    // MARK: Overlap

    private static let schedule = ScheduleID(high: 5, low: 5)

    /// Starts a run of a schedule that waits for the one before it.
    private func queue(_ number: UInt64, _ it: FlowStoresUnderTest) async throws -> TriggerStartResult {
        try await it.registry.start(
            [it.new(number, schedule: Self.schedule)], mayOverlap: [false], now: it.now - .seconds(60)
        ) { row, id in
            if row.running == nil {
                row.running = id.value
                return .run(cancelling: nil)
            }
            if row.waiting.count == 2 { return .skip }
            row.waiting.append(id.value)
            return .wait
        }[0]
    }

    @Test(arguments: Driver.allCases)
    func `the end of a run starts the one that waits behind it`(driver: Driver) async throws {
        let it = try await FlowStoresUnderTest.make(driver)
        var results: [TriggerStartResult] = []
        for number in 1...4 as ClosedRange<UInt64> { results.append(try await queue(number, it)) }
        #expect(results == [.started(cancelling: nil), .started(cancelling: nil), .started(cancelling: nil), .skipped])
        #expect(try await queue(2, it) == .known)
        #expect(try await it.read(1)?.row.status == .new)
        #expect(try await it.read(2)?.row.status == .pending)
        #expect(try await it.read(2)?.wakeAt == nil)
        #expect(try await it.read(4) == nil)
        try await it.write(1, .succeeded) { write, _ in write.endsRunOf = Self.schedule }
        let next = try #require(try await it.read(2))
        #expect(next.row.status == .new && next.wakeAt != nil && next.schedule == Self.schedule)
        #expect(try await it.read(3)?.row.status == .pending)
        // One that waits ends before its turn.
        try await it.write(3, .cancelled) { write, _ in write.endsRunOf = Self.schedule }
        try await it.write(2, .succeeded) { write, _ in write.endsRunOf = Self.schedule }
        #expect(try await queue(5, it) == .started(cancelling: nil))
        #expect(try await it.read(5)?.row.status == .new, "nothing runs or waits any more")
    }

    @Test(arguments: Driver.allCases)
    func `the history of a run that has to wait begins with its wait`(driver: Driver) async throws {
        let it = try await FlowStoresUnderTest.make(driver)
        for number in 1...2 as ClosedRange<UInt64> {
            var new = it.new(number, schedule: Self.schedule)
            new.waitingRecord = [UInt8(number)]
            _ = try await it.registry.start([new], mayOverlap: [false], now: it.now) { row, id in
                if row.running == nil {
                    row.running = id.value
                    return .run(cancelling: nil)
                }
                row.waiting.append(id.value)
                return .wait
            }
        }
        let rows = try await it.outboxRows()
        #expect(rows.map(\.body) == [[2]] && rows.first?.execution == it.id(2))
        #expect(try await it.read(1)?.seq == 1)
        #expect(try await it.read(2)?.seq == 2)
    }

    @Test(arguments: Driver.allCases)
    func `a run that replaces another has it cancelled in the same transaction`(driver: Driver) async throws {
        let it = try await FlowStoresUnderTest.make(driver)
        func replace(_ number: UInt64) async throws -> TriggerStartResult {
            try await it.registry.start([it.new(number, schedule: Self.schedule)], mayOverlap: [false], now: it.now) {
                row, id in
                let other = row.running.map { ExecutionID($0) }
                row.running = id.value
                return .run(cancelling: other)
            }[0]
        }
        #expect(try await replace(1) == .started(cancelling: nil))
        #expect(try await replace(2) == .started(cancelling: it.id(1)))
        #expect(try await it.read(1)?.arrivals.map(\.kind) == [.cancel])
        // The end of the one that was replaced ends no run.
        try await it.write(1, .cancelled) { write, _ in write.endsRunOf = Self.schedule }
        #expect(try await replace(3) == .started(cancelling: it.id(2)))
    }

    @Test(arguments: Driver.allCases)
    func `a run that has ended or is gone is ended by the monitor`(driver: Driver) async throws {
        let it = try await FlowStoresUnderTest.make(driver)
        for number in 1...3 as ClosedRange<UInt64> { _ = try await queue(number, it) }
        #expect(try await it.upkeep.repairOverlaps(before: it.now, limit: 10) == 0, "it runs")
        // Written without ending its run.
        try await it.end(1)
        #expect(try await it.upkeep.repairOverlaps(before: it.now - .seconds(120), limit: 10) == 0, "not long enough")
        #expect(try await it.upkeep.repairOverlaps(before: it.now, limit: 10) == 1)
        #expect(try await it.read(2)?.row.status == .new)
        #expect(try await it.read(3)?.row.status == .pending)
        try await it.end(2, keep: .zero)
        _ = try await it.upkeep.forgetEnded(before: it.now + .seconds(60), limit: 10)
        #expect(try await it.upkeep.repairOverlaps(before: it.now + .seconds(60), limit: 10) == 1)
        #expect(try await it.read(3)?.row.status == .new)
    }

    @Test(arguments: Driver.allCases)
    func `triggers that do not exist have no origin`(driver: Driver) async throws {
        let it = try await FlowStoresUnderTest.make(driver)
        #expect(try await it.registry.origins(of: [TriggerID(high: 1, low: 1)]).isEmpty)
    }

    @Test(arguments: Driver.allCases)
    func `runs of schedules that nobody watches are not counted`(driver: Driver) async throws {
        let it = try await FlowStoresUnderTest.make(driver)
        _ = try await queue(1, it)
        try await it.write(1, .failed) { write, _ in
            (write.endsRunOf, write.runEnd) = (Self.schedule, RunEnd(.dead, reason: "it failed"))
        }
        let counted = try await it.upkeep.countRunEnds(limit: 10)
        #expect(counted.count == 0 && counted.calls.isEmpty && counted.cancelled.isEmpty)
    }
}
