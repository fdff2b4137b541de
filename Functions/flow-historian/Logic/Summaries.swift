import Flows
import Model
import Store

/// The names and versions of definitions that were looked up.
struct DefinitionNames {
    private var rows: [DefinitionID: DefinitionRow?] = [:]

    func unknown(of records: [HistoryRecord]) -> [DefinitionID] {
        Set(records.map(\.definition)).filter { rows[$0] == nil }.sorted()
    }

    mutating func add(_ found: [DefinitionRow], asked: [DefinitionID]) {
        // Beyond so many all are forgotten, and looked up again as needed.
        if rows.count > 10_000 { rows = [:] }
        for id in asked { rows[id] = .some(found.first { $0.id == id }) }
    }

    func name(of id: DefinitionID) -> (FlowName?, Int?) {
        let row = rows[id] ?? nil
        return (row?.name, row?.version)
    }
}

/// What rows of the outbox say of their executions as a whole.
enum Summaries {
    /// For each execution how it stands after these rows, and before that how it ended, if it ended in them and runs
    /// again: at most one summary of either kind.
    static func of(_ rows: [HistoryRow], _ records: [HistoryRecord], _ names: DefinitionNames) -> [ExecutionSummary] {
        var byExecution: [ExecutionID: [Int]] = [:]
        for (place, row) in rows.enumerated() { byExecution[row.execution, default: []].append(place) }
        var summaries: [ExecutionSummary] = []
        for (_, places) in byExecution.sorted(by: { $0.key < $1.key }) {
            let sorted = places.sorted { rows[$0].seq < rows[$1].seq }
            let first = day(rows[sorted[0]].at)
            let ended = sorted.last { records[$0].snapshot != nil }
            let last = sorted[sorted.count - 1]
            if let ended, records[last].endedAt == nil {
                // It ended, and was retried.
                summaries.append(summary(rows[ended], records[ended], first: first, names))
            }
            var latest = summary(rows[last], records[last], first: first, names)
            // What comes after the end, such as a report that is ignored, has no snapshot of its own.
            if records[last].endedAt != nil, let ended {
                latest.snapshot = records[ended].snapshot
                latest.digest = records[ended].digest
            }
            summaries.append(latest)
        }
        return summaries
    }

    private static func summary(
        _ row: HistoryRow, _ record: HistoryRecord, first: Timestamp, _ names: DefinitionNames
    ) -> ExecutionSummary {
        let (flow, version) = names.name(of: record.definition)
        let status = ExecutionStatus(rawValue: record.status) ?? .running
        return ExecutionSummary(
            execution: row.execution, tenant: row.tenant, flow: flow, version: version, definition: record.definition,
            status: status, trigger: record.trigger, createdAt: record.createdAt, endedAt: record.endedAt,
            seq: row.seq, firstDay: first, lastDay: day(row.at), snapshot: record.snapshot,
            digest: record.digest)
    }

    private static func day(_ time: Timestamp) -> Timestamp {
        Timestamp(seconds: floorDivide(time.seconds, 86_400) * 86_400)
    }
}
