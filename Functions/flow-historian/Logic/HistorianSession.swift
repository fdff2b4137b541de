private import Flows
private import FunctionRuntime
private import Model
package import Store

/// What a `FlowHistorian` that holds the outbox does at each look.
package struct HistorianSession {
    /// What one look moved.
    package struct Moved: Sendable {
        package var rows = 0
        /// How old the oldest row of the last page was; nil: there was none.
        package var lag: Duration?
    }

    private let configuration: FlowHistorian.Configuration
    private let outbox: any Outbox
    private let store: any HistoryStore
    private let source: String
    private var cursor: UInt64
    private var names = DefinitionNames()
    private var turns: OutboxTurns
    private var daysAt: ContinuousClock.Instant?
    private var savedAt: ContinuousClock.Instant?

    /// How often partitions are looked after.
    private static let daysPeriod = Duration.seconds(600)
    /// How often an unchanged cursor of an idle outbox is written.
    private static let idleSave = Duration.seconds(10)

    /// A session that goes on at the cursor.
    package init(
        _ configuration: FlowHistorian.Configuration, outbox: any Outbox, store: any HistoryStore
    ) async throws {
        self.configuration = configuration
        self.outbox = outbox
        self.store = store
        turns = OutboxTurns(configuration)
        source = try await outbox.source()
        cursor = try await store.cursor(of: source) ?? 0
    }

    /// Moves what is in the outbox; afterwards lets its tables change places, or empties one, if it is time.
    ///
    /// - Parameter instant: the time of this look.
    package mutating func look(at instant: ContinuousClock.Instant) async throws -> Moved {
        if daysAt.map({ instant - $0 > HistorianSession.daysPeriod }) ?? true {
            try await keepDays()
            daysAt = instant
        }
        let bounds = try await outbox.bounds()
        var moved = Moved()
        if bounds.end > cursor, bounds.current + bounds.other > 0 { moved = try await move(bounds) }
        try Failpoint.flowHistorianBeforeCursor.pass()
        if moved.rows > 0 || savedAt.map({ instant - $0 > HistorianSession.idleSave }) ?? true {
            try await store.advance(source, to: bounds.end, now: try await store.now())
            savedAt = instant
        }
        cursor = bounds.end
        switch turns.next(bounds, cursor: cursor, at: instant) {
        case .none: break
        case .turn: try await outbox.turn()
        case .empty:
            try Failpoint.flowHistorianBeforeEmpty.pass()
            // If somebody holds the table it is tried again at the next look.
            _ = try await outbox.empty()
        }
        return moved
    }

    /// Moves the rows of the transactions from the cursor on that have ended.
    private mutating func move(_ bounds: OutboxBounds) async throws -> Moved {
        var place: OutboxPlace?
        var moved = Moved()
        repeat {
            let page = try await outbox.page(
                from: cursor, upTo: bounds.end, turn: bounds.turn, after: place, limit: configuration.page)
            if !page.rows.isEmpty {
                let records = try page.rows.map { try HistoryRecord(decoding: $0.body) }
                let unknown = names.unknown(of: records)
                if !unknown.isEmpty { names.add(try await outbox.definitions(unknown), asked: unknown) }
                try Failpoint.flowHistorianBeforeCommit.pass()
                try await store.add(page.rows, summaries: Summaries.of(page.rows, records, names))
                try Failpoint.flowHistorianAfterCommit.pass()
                moved.rows += page.rows.count
                let now = try await store.now()
                moved.lag = max(.zero, now - (page.rows.map(\.at).min() ?? now))
            }
            place = page.next
        } while place != nil
        return moved
    }

    private func keepDays() async throws {
        let today = floorDivide(try await store.now().seconds, 86_400)
        for day in today - 1...today + 3 { try await store.addDay(Timestamp(seconds: day * 86_400)) }
        try await store.dropDays(before: Timestamp(seconds: (today - Int64(configuration.retention)) * 86_400))
    }
}
