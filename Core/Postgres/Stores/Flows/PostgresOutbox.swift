package import Model
package import Store

/// `Outbox` on one connection to the engine's database.
package final class PostgresOutbox: Outbox {
    private let connection: PostgresConnection

    private enum BoundsColumn: Int, ResultColumn {
        case endXid, nextXid, turn, sizeA, sizeB
    }

    private enum OutboxColumn: Int, ResultColumn {
        case place, execution, tenant, seq, at, body, isWanted
    }

    /// An outbox that connects as the engine role.
    package init(url: String) {
        connection = PostgresConnection(.engine(url: url, applicationName: "headgate flow-historian"))
    }

    package func close() async { await connection.close() }

    package func source() async throws -> String {
        try await connection.value(StatementCall(.outboxSource), .text) ?? ""
    }

    package func take() async throws -> Bool {
        try await connection.holdSession()
        return try await connection.value(StatementCall(.takeOutbox), .bool) == true
    }

    package func bounds() async throws -> OutboxBounds {
        let found = try await connection.query(StatementCall(.outboxBounds)) {
            (row: PostgresRow<BoundsColumn>) throws(PostgresError) in
            let sizes = [try row.required(.sizeA, row.int), try row.required(.sizeB, row.int)]
            let turn = try row.required(.turn, row.int)
            return OutboxBounds(
                end: UInt64(try row.required(.endXid, row.text)) ?? 0,
                next: UInt64(try row.required(.nextXid, row.text)) ?? 0, turn: turn, current: sizes[turn],
                other: sizes[1 - turn])
        }
        return found[0]
    }

    package func page(
        from first: UInt64, upTo end: UInt64, turn: Int, after place: OutboxPlace?, limit: Int
    ) async throws -> OutboxPage {
        let from = place ?? OutboxPlace(table: 1 - turn, address: PostgresOutbox.start)
        let call = StatementCall(
            Statement.readOutbox[from.table],
            [.text(String(first)), .text(String(end)), .text(from.address), .bigint(limit)])
        let found = try await connection.query(call) {
            (row: PostgresRow<OutboxColumn>) throws(PostgresError) in
            (
                place: try row.required(.place, row.text), isWanted: try row.required(.isWanted, row.bool),
                row: HistoryRow(
                    execution: try row.required(.execution, row.id), tenant: try row.required(.tenant, row.tenant),
                    seq: try row.required(.seq, row.int), at: try row.required(.at, row.time),
                    body: try row.required(.body, row.bytes))
            )
        }
        var next: OutboxPlace?
        if found.count == limit, let last = found.last {
            next = OutboxPlace(table: from.table, address: last.place)
        } else if from.table != turn {
            next = OutboxPlace(table: turn, address: PostgresOutbox.start)
        }
        return OutboxPage(rows: found.filter(\.isWanted).map(\.row), next: next)
    }

    /// Before every row.
    private static let start = "(0,0)"

    package func turn() async throws { try await connection.execute(StatementCall(.turnOutbox)) }

    package func empty() async throws -> Bool {
        do throws(PostgresError) {
            return try await connection.transaction { transaction throws(PostgresError) in
                try transaction.execute(StatementCall(Statement("set local lock_timeout = '200ms'")))
                let turn = try transaction.value(
                    StatementCall(Statement("select turn from headgate.outbox_turn")), .int)
                let other = turn == 0 ? "outbox_b" : "outbox_a"
                try transaction.execute(StatementCall(Statement("truncate headgate.\(other)")))
                return true
            }
        } catch {
            guard error.sqlState == PostgresOutbox.lockTimeout else { throw error }
            return false
        }
    }

    /// lock_not_available.
    private static let lockTimeout = "55P03"

    package func definitions(_ ids: [DefinitionID]) async throws -> [DefinitionRow] {
        try await connection.query(StatementCall(.readDefinitions, [.uuids(ids)])) {
            (row: PostgresRow<DefinitionColumn>) throws(PostgresError) in try row.definition()
        }
    }
}
