package import Model
package import Store

/// `HistoryStore` on one connection to the history's database. A batch is one transaction of up to four statements in
/// two round trips.
package final class PostgresHistoryStore: HistoryStore {
    private let connection: PostgresConnection

    /// A store that connects as the engine role.
    package init(url: String) {
        connection = PostgresConnection(.engine(url: url, applicationName: "headgate history"))
    }

    package func close() async { await connection.close() }

    package func now() async throws -> Timestamp { try await connection.now() }

    package func cursor(of source: String) async throws -> UInt64? {
        try await connection.value(StatementCall(.readCursor, [.text(source)]), .text).flatMap { UInt64($0) }
    }

    package func add(_ rows: [HistoryRow], summaries: [ExecutionSummary]) async throws {
        if rows.isEmpty { return }
        var calls = [
            StatementCall(
                .addEvents,
                [
                    .uuids(rows.map(\.execution)), .bigints(rows.map(\.seq)), .tenants(rows.map(\.tenant)),
                    .times(rows.map(\.at)), .byteas(rows.map(\.body)),
                ])
        ]
        let open = summaries.filter { !$0.status.isEnded }
        if !open.isEmpty {
            calls.append(
                StatementCall(
                    .putOpenExecutions,
                    PostgresHistoryStore.columns(open) + [
                        .times(open.map(\.lastDay)), .bigints(open.map(\.seq)), .times(open.map(\.firstDay)),
                        .times(open.map(\.lastDay)),
                    ]))
        }
        let ended = summaries.filter(\.status.isEnded)
        if !ended.isEmpty {
            calls.append(
                StatementCall(
                    .putEndedExecutions,
                    PostgresHistoryStore.columns(ended) + [
                        .times(ended.map(\.endedAt)), .bigints(ended.map(\.seq)), .times(ended.map(\.firstDay)),
                        .times(ended.map(\.lastDay)), .byteas(ended.map(\.snapshot)), .byteas(ended.map(\.digest)),
                    ]))
            calls.append(
                StatementCall(.dropOpenExecutions, [.uuids(ended.map(\.execution)), .bigints(ended.map(\.seq))]))
        }
        try await connection.pipeline(calls)
    }

    /// The columns that both kinds of summaries begin with.
    private static func columns(_ summaries: [ExecutionSummary]) -> [PostgresValue] {
        [
            .uuids(summaries.map(\.execution)), .tenants(summaries.map(\.tenant)),
            .texts(summaries.map { $0.flow?.description }), .ints(summaries.map(\.version)),
            .uuids(summaries.map(\.definition)), .smallints(summaries.map(\.status.rawValue)),
            .uuids(summaries.map(\.trigger?.value)), .times(summaries.map(\.createdAt)),
        ]
    }

    package func advance(_ source: String, to xid: UInt64, now: Timestamp) async throws {
        try await connection.execute(StatementCall(.writeCursor, [.text(source), .text(String(xid)), .time(now)]))
    }

    package func addDay(_ day: Timestamp) async throws {
        _ = try await connection.value(StatementCall(.addHistoryDay, [.time(day)]), .bool)
    }

    package func dropDays(before day: Timestamp) async throws {
        _ = try await connection.value(StatementCall(.dropHistoryDays, [.time(day)]), .int)
    }
}
