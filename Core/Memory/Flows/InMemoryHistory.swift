package import Model
package import Store
import Synchronization

/// The history of executions in memory: the reference for `HistoryStore` and `HistoryRegistry`. Its clock is given.
package final class InMemoryHistory: Sendable {
    let tables = Mutex(InMemoryHistoryTables())
    private let clock: @Sendable () -> Timestamp

    /// An empty history without days.
    package init(clock: @escaping @Sendable () -> Timestamp) { self.clock = clock }

    private static func day(_ time: Timestamp) -> Int64 { floorDivide(time.seconds, 86_400) }

    /// The executions that have not ended.
    package var open: [ExecutionSummary] { tables.withLock { $0.open.values.sorted { $0.execution < $1.execution } } }

    /// An execution's summaries, the latest last, and its events.
    package func everything(
        of id: ExecutionID
    ) -> (open: ExecutionSummary?, ended: [ExecutionSummary], events: [HistoryRow]) {
        tables.withLock { tables in
            (tables.open[id], (tables.ended[id] ?? []).sorted { $0.seq < $1.seq }, tables.events[id] ?? [])
        }
    }

    /// There is no partition for a day.
    package struct MissingDay: Error {}
}

extension InMemoryHistory: HistoryStore {
    package func cursor(of source: String) async throws -> UInt64? { tables.withLock { $0.cursors[source] } }

    package func add(_ rows: [HistoryRow], summaries: [ExecutionSummary]) async throws {
        try tables.withLock { tables in
            let days = rows.map(\.at) + summaries.compactMap(\.endedAt)
            guard days.allSatisfy({ tables.days.contains(InMemoryHistory.day($0)) }) else { throw MissingDay() }
            for row in rows {
                var events = tables.events[row.execution] ?? []
                let place = events.firstIndex { $0.seq >= row.seq } ?? events.count
                if place < events.count, events[place].seq == row.seq { continue }
                events.insert(row, at: place)
                tables.events[row.execution] = events
            }
            // A table at a time, as the statements do.
            for summary in summaries where !summary.status.isEnded { tables.putOpen(summary) }
            let ended = summaries.filter(\.status.isEnded)
            for summary in ended { tables.putEnded(summary, on: InMemoryHistory.day) }
            for summary in ended where tables.open[summary.execution].map({ $0.seq <= summary.seq }) ?? false {
                tables.open[summary.execution] = nil
            }
        }
    }

    package func advance(_ source: String, to xid: UInt64, now: Timestamp) async throws {
        tables.withLock { $0.cursors[source] = xid }
    }

    package func addDay(_ day: Timestamp) async throws {
        tables.withLock { _ = $0.days.insert(InMemoryHistory.day(day)) }
    }

    package func dropDays(before day: Timestamp) async throws {
        let first = InMemoryHistory.day(day)
        tables.withLock { tables in
            let kept = tables.days.filter { $0 >= first }
            if kept.count == tables.days.count { return }
            tables.days = kept
            tables.events = tables.events.compactMapValues { rows in
                let kept = rows.filter { InMemoryHistory.day($0.at) >= first }
                return kept.isEmpty ? nil : kept
            }
            tables.ended = tables.ended.compactMapValues { rows in
                let kept = rows.filter { $0.endedAt.map { InMemoryHistory.day($0) >= first } ?? true }
                return kept.isEmpty ? nil : kept
            }
        }
    }

    package func now() async throws -> Timestamp { clock() }

    package func close() async {}
}

extension InMemoryHistory: HistoryRegistry {
    package func summary(of id: ExecutionID, tenant: TenantID) async throws -> ExecutionSummary? {
        tables.withLock { tables in
            let all = (tables.open[id].map { [$0] } ?? []) + (tables.ended[id] ?? [])
            return all.filter { $0.tenant == tenant }.max { $0.seq < $1.seq }
        }
    }

    package func summaries(_ filter: ExecutionFilter, tenant: TenantID) async throws -> [ExecutionSummary] {
        tables.withLock { tables in
            let ended = tables.ended.values.compactMap { rows in rows.max { $0.seq < $1.seq } }
                .filter { tables.open[$0.execution] == nil }
            let found = (Array(tables.open.values) + ended).filter { row in
                row.tenant == tenant && (filter.flow == nil || row.flow == filter.flow)
                    && (filter.status == nil || row.status == filter.status)
                    && row.createdAt >= filter.from ?? .distantPast && row.createdAt < filter.to ?? .distantFuture
                    && filter.after.map { ($0.createdAt, $0.execution) > (row.createdAt, row.execution) } ?? true
            }
            return found.sorted { ($0.createdAt, $0.execution) > ($1.createdAt, $1.execution) }.prefix(filter.limit)
                .map { row in
                    var row = row
                    (row.snapshot, row.digest) = (nil, nil)
                    return row
                }
        }
    }

    package func ended(among ids: [ExecutionID], tenant: TenantID) async throws -> [EndedExecution] {
        tables.withLock { tables in
            ids.compactMap { id in
                let last = (tables.ended[id] ?? []).filter { $0.tenant == tenant }.max { $0.seq < $1.seq }
                return last.map { EndedExecution(execution: id, definition: $0.definition, digest: $0.digest) }
            }
        }
    }

    package func erase(_ tenant: TenantID, limit: Int) async throws -> Int {
        tables.withLock { tables in
            let all = tables.events.filter { $0.value.first?.tenant == tenant }.keys
            let ids = Set(all).union(tables.open.filter { $0.value.tenant == tenant }.keys)
                .union(tables.ended.filter { $0.value.first?.tenant == tenant }.keys)
            for id in ids.sorted().prefix(limit) {
                tables.events[id] = nil
                tables.open[id] = nil
                tables.ended[id] = nil
            }
            return min(limit, ids.count)
        }
    }

    package func events(of summary: ExecutionSummary, after seq: Int, limit: Int) async throws -> [HistoryRow] {
        tables.withLock { tables in
            let days = InMemoryHistory.day(summary.firstDay)...InMemoryHistory.day(summary.lastDay)
            let found = (tables.events[summary.execution] ?? []).filter {
                $0.tenant == summary.tenant && $0.seq > seq && days.contains(InMemoryHistory.day($0.at))
            }
            return Array(found.prefix(limit))
        }
    }
}

struct InMemoryHistoryTables: Sendable {
    var cursors: [String: UInt64] = [:]
    var days: Set<Int64> = []
    /// By execution, in the order of their numbers.
    var events: [ExecutionID: [HistoryRow]] = [:]
    var open: [ExecutionID: ExecutionSummary] = [:]
    /// By execution, one a day on which it ended.
    var ended: [ExecutionID: [ExecutionSummary]] = [:]

    /// As `put-open-executions.sql`.
    mutating func putOpen(_ summary: ExecutionSummary) {
        let ends = ended[summary.execution] ?? []
        if let last = ends.map(\.seq).max(), last >= summary.seq { return }
        guard var known = open[summary.execution] else {
            var new = summary
            new.firstDay = ends.map(\.firstDay).reduce(new.firstDay, min)
            (new.endedAt, new.snapshot) = (nil, nil)
            open[summary.execution] = new
            return
        }
        guard known.seq < summary.seq else { return }
        known.status = summary.status
        known.seq = summary.seq
        known.firstDay = min(known.firstDay, summary.firstDay)
        known.lastDay = max(known.lastDay, summary.lastDay)
        open[summary.execution] = known
    }

    /// As `put-ended-executions.sql`.
    mutating func putEnded(_ summary: ExecutionSummary, on day: (Timestamp) -> Int64) {
        var ends = ended[summary.execution] ?? []
        guard let endedAt = summary.endedAt else { return }
        let same = ends.firstIndex { $0.endedAt.map { day($0) == day(endedAt) } ?? false }
        if let same {
            guard ends[same].seq < summary.seq else { return }
            ends[same].status = summary.status
            ends[same].endedAt = endedAt
            ends[same].seq = summary.seq
            ends[same].lastDay = summary.lastDay
            ends[same].snapshot = summary.snapshot ?? ends[same].snapshot
            ends[same].digest = summary.digest ?? ends[same].digest
        } else {
            var new = summary
            new.firstDay = ends.map(\.firstDay).reduce(new.firstDay, min)
            if let open = open[summary.execution] { new.firstDay = min(new.firstDay, open.firstDay) }
            ends.append(new)
        }
        ended[summary.execution] = ends
    }
}
