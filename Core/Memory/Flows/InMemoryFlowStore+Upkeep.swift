package import Model
package import Store

extension InMemoryFlowStore: WakeStore {
    package func takeGroups(_ groups: [Int]) async throws -> Set<Int> {
        withTables { tables in
            let free = groups.filter { (tables.groupHolders[$0] ?? connection) == connection }
            for group in free { tables.groupHolders[group] = connection }
            return Set(free)
        }
    }

    package func wakes(_ buckets: [WakePlace], before time: Timestamp, limit: Int) async throws -> [WakeRow] {
        withTables { tables in
            buckets.flatMap { place -> [WakeRow] in
                let entries = tables.buckets[place.bucket]
                let start = TimedID(time: place.due, id: place.execution)
                return entries[tables.place(of: start, in: place.bucket)...].lazy
                    .drop { $0 == start }.prefix { $0.time < time }.prefix(limit)
                    .map { entry in
                        WakeRow(
                            bucket: place.bucket, execution: entry.id, tenant: tables.wakes[entry.id]!.tenant,
                            due: entry.time)
                    }
            }
        }
    }
}

extension InMemoryFlowStore: ExecutionUpkeep {
    package func unapplied(
        after last: UnappliedArrival?, before time: Timestamp, limit: Int
    ) async throws -> [UnappliedArrival] {
        withTables { tables in
            let all = tables.arrivals.flatMap { id, rows in
                rows.map {
                    UnappliedArrival(
                        id: $0.arrival.id, execution: id, tenant: $0.tenant, at: $0.at,
                        isKnown: tables.executions[id] != nil)
                }
            }
            let page = all.filter { $0.at < time && isAfter($0, last) }
            return Array(page.sorted { ($0.at, $0.id) < ($1.at, $1.id) }.prefix(limit))
        }
    }

    package func drop(_ arrivals: [UnappliedArrival]) async throws {
        withTables { tables in
            for arrival in arrivals {
                tables.arrivals[arrival.execution]?.removeAll { $0.arrival.id == arrival.id }
                if tables.arrivals[arrival.execution]?.isEmpty == true { tables.arrivals[arrival.execution] = nil }
            }
        }
    }

    package func repairOverlaps(before time: Timestamp, limit: Int) async throws -> Int {
        let now = database.clock()
        return withTables { tables in
            let stale = tables.overlaps.filter { _, overlap in
                guard overlap.since < time, let running = overlap.row.running else { return false }
                return tables.executions[ExecutionID(running)]?.row.status.isEnded ?? true
            }.sorted { $0.value.since < $1.value.since }.prefix(limit)
            for (schedule, overlap) in stale {
                tables.finishRun(ExecutionID(overlap.row.running!), of: schedule, now: now)
            }
            return stale.count
        }
    }

    /// None: this store keeps no failure policies.
    package func countRunEnds(limit: Int) async throws -> CountedRuns { CountedRuns() }

    package func forgetEnded(before time: Timestamp, limit: Int) async throws -> Int {
        withTables { tables in
            var removed = 0
            var looked = 0
            while looked < limit, let first = tables.ended.first, first.time < time {
                looked += 1
                _ = tables.ended.popFirst()
                guard let row = tables.executions[first.id]?.row, let endedAt = row.endedAt, row.status.isEnded,
                    endedAt < first.time, tables.forgetAt[first.id] == first.time || tables.forgetAt[first.id]! < time
                else { continue }
                tables.remove(first.id)
                removed += 1
            }
            return removed
        }
    }
}

private func isAfter(_ arrival: UnappliedArrival, _ last: UnappliedArrival?) -> Bool {
    guard let last else { return true }
    return (arrival.at, arrival.id) > (last.at, last.id)
}

extension InMemoryFlowStore: Outbox {
    package func source() async throws -> String { "memory" }

    package func take() async throws -> Bool {
        withTables { tables in
            guard tables.outboxHolder == nil || tables.outboxHolder == connection else { return false }
            tables.outboxHolder = connection
            return true
        }
    }

    package func bounds() async throws -> OutboxBounds {
        withTables { tables in
            OutboxBounds(
                end: tables.nextXid, next: tables.nextXid, turn: tables.turn,
                current: tables.outbox[tables.turn].count, other: tables.outbox[1 - tables.turn].count)
        }
    }

    package func page(
        from first: UInt64, upTo end: UInt64, turn: Int, after place: OutboxPlace?, limit: Int
    ) async throws -> OutboxPage {
        withTables { tables in
            let table = place?.table ?? 1 - turn
            let start = place.flatMap { Int($0.address) } ?? 0
            let rows = tables.outbox[table].dropFirst(start).prefix(limit)
            var next: OutboxPlace?
            if rows.count == limit {
                next = OutboxPlace(table: table, address: String(start + limit))
            } else if table != turn {
                next = OutboxPlace(table: turn, address: "0")
            }
            return OutboxPage(rows: rows.filter { (first..<end).contains($0.xid) }.map(\.row), next: next)
        }
    }

    package func turn() async throws {
        withTables { tables in
            tables.nextXid += 1
            tables.turn = 1 - tables.turn
        }
    }

    package func empty() async throws -> Bool {
        withTables { tables in
            tables.outbox[1 - tables.turn] = []
            return true
        }
    }
}
