import Flows
import Model
import Store
import Testing

@testable import FlowHistorianFunction

/// What rows of the outbox say of their executions, and when its tables change places.
@Suite struct FlowHistorianTests {
    private static let definition = DefinitionID(high: 1, low: 1)
    private static let start = Timestamp(seconds: 1_800_000_000)

    private enum Row { case runs, ends, isIgnored, isRetried }

    private func summaries(_ kinds: [Row]) -> [ExecutionSummary] {
        var rows: [HistoryRow] = []
        var records: [HistoryRecord] = []
        for (index, kind) in kinds.enumerated() {
            let at = Self.start + .seconds(Int64(index))
            let isOver = kind == .ends || kind == .isIgnored
            rows.append(
                HistoryRow(
                    execution: ExecutionID(high: 2, low: 2), tenant: "acme", seq: index + 1, at: at, body: []))
            records.append(
                HistoryRecord(
                    definition: Self.definition,
                    status: (isOver ? ExecutionStatus.failed : .running).rawValue, createdAt: Self.start,
                    endedAt: isOver ? at : nil, trigger: nil, events: [], snapshot: kind == .ends ? [7] : nil))
        }
        // In whatever order a page has them.
        return Summaries.of(rows.reversed(), records.reversed(), DefinitionNames())
    }

    @Test(
        arguments: [
            ([Row.runs, .runs], [ExecutionStatus.running], [nil as [UInt8]?]),
            ([.runs, .ends], [.failed], [[7]]),
            ([.runs, .ends, .isIgnored], [.failed], [[7]]),
            ([.isIgnored], [.failed], [nil]),
            ([.ends, .isRetried], [.failed, .running], [[7], nil]),
            ([.ends, .isIgnored, .isRetried, .runs], [.failed, .running], [[7], nil]),
            ([.ends, .isRetried, .ends, .isIgnored], [.failed], [[7]]),
        ] as [([Row], [ExecutionStatus], [[UInt8]?])])
    private func `an execution has at most one summary of its end and one of its going on`(
        rows: [Row], statuses: [ExecutionStatus], snapshots: [[UInt8]?]
    ) {
        let found = summaries(rows)
        #expect(found.map(\.status) == statuses)
        #expect(found.map(\.snapshot) == snapshots)
        #expect(found.last?.seq == rows.count && found.allSatisfy { $0.firstDay <= $0.lastDay })
    }

    private func bounds(end: UInt64, next: UInt64, current: Int = 1, other: Int = 0) -> OutboxBounds {
        OutboxBounds(end: end, next: next, turn: 0, current: current, other: other)
    }

    @Test func `a table is emptied only when nobody who saw the old turn can still write to it`() {
        var turns = OutboxTurns(FlowHistorian.Configuration())
        let now = ContinuousClock.now
        #expect(turns.next(bounds(end: 10, next: 12), cursor: 10, at: now) == .none, "it knows nothing yet")
        #expect(turns.next(bounds(end: 12, next: 12), cursor: 12, at: now) == .turn)
        // The barrier is what is next after the turn: 20, of which 15 has begun and may write to either table.
        #expect(turns.next(bounds(end: 15, next: 20, other: 1), cursor: 15, at: now) == .none)
        #expect(turns.next(bounds(end: 19, next: 30, other: 1), cursor: 19, at: now) == .none)
        #expect(turns.next(bounds(end: 20, next: 30, other: 1), cursor: 19, at: now) == .none, "not all is read")
        #expect(turns.next(bounds(end: 20, next: 30, other: 1), cursor: 20, at: now) == .empty)
        #expect(turns.next(bounds(end: 20, next: 30, other: 1), cursor: 20, at: now) == .empty, "somebody held it")
        #expect(turns.next(bounds(end: 30, next: 30), cursor: 30, at: now) == .none, "it turned a moment ago")
        #expect(turns.next(bounds(end: 30, next: 30), cursor: 30, at: now + .seconds(2)) == .turn)
        var fresh = OutboxTurns(FlowHistorian.Configuration())
        #expect(fresh.next(bounds(end: 30, next: 40, other: 1), cursor: 40, at: now) == .none)
        #expect(fresh.next(bounds(end: 39, next: 40, other: 1), cursor: 40, at: now) == .none, "after a start, too")
        #expect(fresh.next(bounds(end: 40, next: 40, other: 1), cursor: 40, at: now) == .empty)
    }
}
