import Model
import Store
import TestServers
import Testing

/// What every outbox and history keeps to (protocols.md, 20).
@Suite(.serialized) struct HistoryStoreTests {
    // MARK: Outbox

    /// Bounds within which everything that was written so far can be read: transactions of other databases of the same
    /// server hold it up.
    private func bounds(_ it: FlowStoresUnderTest) async throws -> OutboxBounds {
        var bounds = try await it.outbox.bounds()
        let next = bounds.next
        try await eventually("all earlier transactions have ended") {
            bounds = try await it.outbox.bounds()
            return bounds.end >= next
        }
        return bounds
    }

    /// The numbers of the executions on the pages, in the order in which they come.
    private func numbers(
        _ it: FlowStoresUnderTest, from first: UInt64, _ bounds: OutboxBounds, limit: Int = 2
    ) async throws -> [ExecutionID] {
        var found: [ExecutionID] = []
        var place: OutboxPlace?
        repeat {
            let page = try await it.outbox.page(
                from: first, upTo: bounds.end, turn: bounds.turn, after: place, limit: limit)
            found += page.rows.map(\.execution)
            place = page.next
        } while place != nil
        return found
    }

    @Test(arguments: Driver.allCases)
    func `rows are read once, the table that is not in use first, and stay until it is emptied`(
        driver: Driver
    ) async throws {
        let it = try await FlowStoresUnderTest.make(driver)
        try await it.start(1, 2, 3, 4)
        func write(_ number: UInt64) async throws { try await it.write(number) { write, _ in write.history = [7] } }
        try await write(1)
        try await write(2)
        let first = try await bounds(it)
        #expect(first.current > 0 && first.other == 0 && first.next >= first.end)
        #expect(try await numbers(it, from: 0, first) == [it.id(1), it.id(2)])
        try await it.outbox.turn()
        try await write(3)
        try await write(4)
        let second = try await bounds(it)
        #expect(second.turn == 1 - first.turn && second.current > 0 && second.other > 0)
        #expect(try await numbers(it, from: 0, second, limit: 3) == [1, 2, 3, 4].map { it.id($0) })
        #expect(try await numbers(it, from: first.end, second) == [it.id(3), it.id(4)])
        #expect(try await it.outbox.empty())
        let third = try await bounds(it)
        #expect(third.other == 0 && third.current > 0)
        #expect(try await numbers(it, from: 0, third) == [it.id(3), it.id(4)])
    }

    @Test(arguments: Driver.allCases)
    func `an outbox has one reader, until its session ends`(driver: Driver) async throws {
        let it = try await FlowStoresUnderTest.make(driver)
        #expect(try await it.outbox.take())
        #expect(try await it.secondOutbox.take() == false)
        let (source, second) = (try await it.outbox.source(), try await it.secondOutbox.source())
        #expect(source == second)
        await it.outbox.close()
    }

    // MARK: History

    private func row(_ it: FlowStoresUnderTest, _ seq: Int, at: Timestamp, number: UInt64 = 1) -> HistoryRow {
        HistoryRow(execution: it.id(number), tenant: "acme", seq: seq, at: at, body: [UInt8(seq)])
    }

    private func summary(
        _ it: FlowStoresUnderTest, _ seq: Int, at: Timestamp, ended: Bool, number: UInt64 = 1
    ) -> ExecutionSummary {
        let day = Timestamp(seconds: floorDivide(at.seconds, 86_400) * 86_400)
        return ExecutionSummary(
            execution: it.id(number), tenant: "acme", flow: "churn", version: 1,
            definition: FlowStoresUnderTest.definition, status: ended ? .failed : .running, trigger: nil,
            createdAt: it.day(-2), endedAt: ended ? at : nil, seq: seq, firstDay: day, lastDay: day,
            snapshot: ended ? [UInt8(seq)] : nil)
    }

    @Test(arguments: Driver.allCases)
    func `events are added once, whatever order they come in`(driver: Driver) async throws {
        let it = try await FlowStoresUnderTest.make(driver)
        let at = it.day(0) + .seconds(5)
        try await it.history.add(
            [row(it, 2, at: at), row(it, 1, at: at)], summaries: [summary(it, 2, at: at, ended: false)])
        try await it.history.add(
            [row(it, 2, at: at), row(it, 3, at: at)], summaries: [summary(it, 3, at: at, ended: false)])
        let found = try #require(try await it.historyRegistry.summary(of: it.id(1), tenant: "acme"))
        #expect(found.seq == 3 && found.status == .running)
        func events(after seq: Int, limit: Int) async throws -> [Int] {
            try await it.historyRegistry.events(of: found, after: seq, limit: limit).map(\.seq)
        }
        #expect(try await events(after: 0, limit: 9) == [1, 2, 3])
        #expect(try await events(after: 1, limit: 1) == [2])
        #expect(try await it.historyRegistry.summary(of: it.id(1), tenant: "other") == nil)
    }

    /// Each row is one summary: its number, the day on which it was written, and whether it is of an end.
    @Test(
        arguments: Driver.allCases,
        [
            ([(1, -2, false), (2, -1, false)], [2]),
            ([(1, -2, false), (2, -1, true)], [2]),
            ([(2, -1, true), (1, -2, false)], [2]),
            ([(1, -2, false), (2, -1, true), (3, 0, false)], [2, 3]),
            ([(3, 0, false), (2, -1, true)], [2, 3]),
            ([(2, -1, true), (4, -1, true)], [4]),
            ([(4, -1, true), (2, -1, true)], [4]),
            ([(2, -2, true), (4, 0, true)], [2, 4]),
            ([(4, 0, true), (3, -1, false), (2, -2, true)], [2, 4]),
        ] as [([(seq: Int, day: Int, ended: Bool)], [Int])])
    private func `an execution has one summary of each day of an end, and one while it runs`(
        driver: Driver, summaries: ([(seq: Int, day: Int, ended: Bool)], [Int])
    ) async throws {
        let it = try await FlowStoresUnderTest.make(driver)
        for (seq, day, ended) in summaries.0 {
            let at = it.day(day) + .seconds(Int64(seq))
            try await it.history.add([row(it, seq, at: at)], summaries: [summary(it, seq, at: at, ended: ended)])
        }
        let found = try #require(try await it.historyRegistry.summary(of: it.id(1), tenant: "acme"))
        let last = summaries.0.max { $0.seq < $1.seq }!
        #expect(found.seq == last.seq && found.status == (last.ended ? .failed : .running))
        #expect(found.snapshot == (last.ended ? [UInt8(last.seq)] : nil))
        #expect(summaries.1.last == last.seq)
        // A list shows it once, as it is now.
        let list = try await it.historyRegistry.summaries(ExecutionFilter(limit: 9), tenant: "acme")
        #expect(list.map(\.seq) == [last.seq] && list.allSatisfy { $0.snapshot == nil })
    }

    @Test(arguments: Driver.allCases)
    func `executions are listed by flow, state and time, newest first`(driver: Driver) async throws {
        let it = try await FlowStoresUnderTest.make(driver)
        let at = it.day(0)
        for number in 1...4 as ClosedRange<UInt64> {
            var summary = summary(it, 1, at: at, ended: number == 3, number: number)
            summary.createdAt = it.day(-1) + .seconds(Int64(number))
            if number == 4 { summary.flow = "other" }
            try await it.history.add([row(it, 1, at: at, number: number)], summaries: [summary])
        }
        func list(_ change: (inout ExecutionFilter) -> Void) async throws -> [ExecutionID] {
            var filter = ExecutionFilter(limit: 9)
            change(&filter)
            return try await it.historyRegistry.summaries(filter, tenant: "acme").map(\.execution)
        }
        #expect(try await list { _ in } == [4, 3, 2, 1].map { it.id($0) })
        #expect(try await list { $0.flow = "churn" } == [3, 2, 1].map { it.id($0) })
        #expect(try await list { $0.status = .failed } == [it.id(3)])
        #expect(try await list { $0.from = it.day(-1) + .seconds(3) } == [4, 3].map { it.id($0) })
        #expect(try await list { $0.to = it.day(-1) + .seconds(2) } == [it.id(1)])
        let place = ExecutionFilter.Place(createdAt: it.day(-1) + .seconds(3), execution: it.id(3))
        #expect(
            try await list {
                ($0.after, $0.limit) = (place, 1)
            } == [it.id(2)])
    }

    @Test(arguments: Driver.allCases)
    func `a day that has no partition takes nothing, and one that is dropped is gone`(driver: Driver) async throws {
        let it = try await FlowStoresUnderTest.make(driver)
        let far = it.day(9)
        await #expect(throws: (any Error).self) {
            try await it.history.add([row(it, 1, at: far)], summaries: [summary(it, 1, at: far, ended: true)])
        }
        let at = it.day(-2) + .seconds(1)
        try await it.history.add([row(it, 1, at: at)], summaries: [summary(it, 1, at: at, ended: true)])
        #expect(try await it.historyRegistry.summary(of: it.id(1), tenant: "acme") != nil)
        try await it.history.dropDays(before: it.day(-1))
        #expect(try await it.historyRegistry.summary(of: it.id(1), tenant: "acme") == nil)
    }

    @Test(arguments: Driver.allCases)
    func `a cursor stands for one source`(driver: Driver) async throws {
        let it = try await FlowStoresUnderTest.make(driver)
        #expect(try await it.history.cursor(of: "a") == nil)
        try await it.history.advance("a", to: 1 << 40, now: it.now)
        try await it.history.advance("b", to: 7, now: it.now)
        try await it.history.advance("a", to: 1 << 41, now: it.now)
        #expect(try await it.history.cursor(of: "a") == 1 << 41)
        #expect(try await it.history.cursor(of: "b") == 7)
    }

    @Test(arguments: Driver.allCases)
    func `a tenant's history is erased page by page`(driver: Driver) async throws {
        let it = try await FlowStoresUnderTest.make(driver)
        let at = it.day(0)
        for number in 1...3 as ClosedRange<UInt64> {
            try await it.history.add(
                [row(it, 1, at: at, number: number)],
                summaries: [summary(it, 1, at: at, ended: number == 1, number: number)])
        }
        var erased = 0
        while true {
            let count = try await it.historyRegistry.erase("acme", limit: 2)
            if count == 0 { break }
            erased += count
        }
        #expect(erased == 3)
        #expect(try await it.historyRegistry.summaries(ExecutionFilter(limit: 9), tenant: "acme").isEmpty)
    }
}
