import Foundation
import Model
import Postgres
import TestServers
import Testing

@Suite(.serialized) struct PostgresTests {
    private func connection(_ server: TestServer? = nil) async throws -> PostgresConnection {
        let server = if let server { server } else { try await TestServer.sharedPostgres.value }
        return PostgresConnection(.init(url: server.postgresURL(), applicationName: "test"))
    }

    @Test func `values of every type come back as they were sent`() async throws {
        let connection = try await connection()
        let id = Identifier("0193a5f0-7c1e-7abc-8def-0123456789ab")!
        let time = Timestamp("1999-12-31T23:59:59.123456Z")!
        let call = StatementCall(
            Statement(
                """
                select $1::bool as flag, $2::int2 as small, $3::int8 as large, $4::float8 as real, $5::text as text,
                    $6::bytea as bytes, $7::uuid as id, $8::timestamptz as time, $9::text as none
                """
            ),
            [
                .bool(true), .smallint(-3), .bigint(1 << 40), .double(-1.5), .text("ä\n"), .bytes([0, 255]), .uuid(id),
                .time(time), .text(nil),
            ])
        enum Column: Int, ResultColumn { case flag, small, large, real, text, bytes, id, time, none }
        let rows = try await connection.query(call) { (row: PostgresRow<Column>) throws(PostgresError) in
            let same = [
                try row.bool(.flag) == true, try row.int(.small) == -3, try row.int(.large) == 1 << 40,
                try row.double(.real) == -1.5, try row.text(.text) == "ä\n", try row.bytes(.bytes) == [0, 255],
                try row.uuid(.id) == id, try row.time(.time) == time, try row.text(.none) == nil,
            ]
            return !same.contains(false)
        }
        #expect(rows == [true])
    }

    @Test func `times without end come back as such`() async throws {
        let call = StatementCall(
            Statement("select unnest(array[$1::timestamptz, $2])"), [.time(.distantFuture), .time(.distantPast)])
        #expect(try await connection().values(call, .time) == [.distantFuture, .distantPast])
    }

    @Test func `arrays carry nulls and come back as rows`() async throws {
        let call = StatementCall(
            Statement("select a, b from unnest($1::text[], $2::int4[]) as u (a, b)"),
            [.texts(["x", nil, ""]), .ints([1, 2, nil])])
        enum Column: Int, ResultColumn { case a, b }
        let rows = try await connection().query(call) { (row: PostgresRow<Column>) throws(PostgresError) in
            "\(try row.text(.a) ?? "-")\(try row.int(.b) ?? 0)"
        }
        #expect(rows == ["x1", "-2", "0"])
    }

    private enum PairColumn: Int, ResultColumn { case scheduleID, nextAt }

    @Test(arguments: [
        ("as they are named", "schedule_id, next_at", nil),
        ("in another order", "next_at, schedule_id", "found next_at, schedule_id"),
        ("one under another name", "schedule_id, next_at as due_at", "found schedule_id, due_at"),
        ("one more", "schedule_id, next_at, 1 as more", "found schedule_id, next_at, more"),
        ("one less", "schedule_id", "found schedule_id"),
    ])
    func `a result is read only if its columns are those that the code names`(
        _ what: String, columns: String, complaint: String?
    ) async throws {
        let call = StatementCall(Statement("select \(columns) from (select 7 as schedule_id, 8 as next_at) t"))
        let connection = try await connection()
        var message: String?
        do {
            let rows = try await connection.query(call) { (row: PostgresRow<PairColumn>) throws(PostgresError) in
                [try row.int(.scheduleID), try row.int(.nextAt)]
            }
            #expect(rows == [[7, 8]])
        } catch {
            message = error.description
        }
        #expect(message?.hasSuffix(complaint ?? "?") ?? (complaint == nil), "\(what): \(message ?? "no error")")
        // Each statement's names are compared anew.
        #expect(try await connection.values(StatementCall(Statement("select 1 as schedule_id")), .int) == [1])
        await #expect(throws: PostgresError.self, "two columns are not one") {
            try await connection.values(StatementCall(Statement("select 1, 2")), .int)
        }
    }

    @Test func `a pipeline is one round trip and one failure of all`() async throws {
        let connection = try await connection()
        try await connection.run(script: "create temp table p (n int primary key)")
        let insert = Statement("insert into p select * from unnest($1::int4[])")
        #expect(
            try await connection.pipeline([
                StatementCall(insert, [.ints([1, 2])]), StatementCall(insert, [.ints([3])]),
            ]) == [2, 1])
        await #expect(throws: PostgresError.self) {
            try await connection.pipeline([StatementCall(insert, [.ints([4])]), StatementCall(insert, [.ints([1])])])
        }
        let count = try await connection.values(StatementCall(Statement("select count(*) from p")), .int)
        #expect(count == [3], "the pipeline that failed left nothing, and the connection works on")
    }

    @Test func `copy takes rows in, and notices are heard`() async throws {
        let heard = Heard()
        var configuration = PostgresConnection.Configuration(
            url: try await TestServer.sharedPostgres.value.postgresURL(), applicationName: "test")
        configuration.onNotice = { text in heard.append(text) }
        let connection = PostgresConnection(configuration)
        try await connection.run(script: "create temp table c (n int, t text)")
        #expect(try await connection.copyIn(Statement("copy c from stdin"), data: Array("1\ta\n2\tb\n".utf8)) == 2)
        try await connection.run(script: "do $$ begin raise warning 'look here'; end $$")
        #expect(heard.all == ["look here"])
    }

    @Test func `cancel ends a statement, and the connection works on`() async throws {
        let connection = try await connection()
        _ = try await connection.now()
        let sleeping = Task { try await connection.run(script: "select pg_sleep(60)") }
        let watcher = try await self.connection()
        try await eventually("it sleeps") {
            try await watcher.execute(
                StatementCall(
                    Statement("select 1 from pg_stat_activity where query = 'select pg_sleep(60)' and state = 'active'")
                )) == 1
        }
        connection.cancel()
        await #expect { try await sleeping.value } throws: { ($0 as? PostgresError)?.code == .cancelled }
        _ = try await connection.now()
    }

    @Test
    func `a server killed in the middle of a call is an error that may be retried, and the next call connects anew`()
        async throws
    {
        let port = freePort()
        let server = try await TestServer.postgres(port: port)
        let connection = try await connection(server)
        let backend = try await connection.serverProcess()
        let sleeping = Task { try await connection.run(script: "select pg_sleep(60)") }
        try await Task.sleep(for: .milliseconds(50))
        kill(Int32(backend), SIGTERM)
        await #expect { try await sleeping.value } throws: { ($0 as? PostgresError)?.isRetryable == true }
        try await eventually("it connects anew") { (try? await connection.now()) != nil }
        await server.end()
        await #expect { _ = try await connection.now() } throws: { ($0 as? PostgresError)?.code == .disconnected }
        let again = try await TestServer.postgres(port: port)
        defer { again.stop() }
        _ = try await connection.now()
    }

    @Test func `a transaction that throws leaves nothing`() async throws {
        let connection = try await connection()
        try await connection.run(script: "create temp table t (n int)")
        await #expect(throws: PostgresError.self) {
            try await connection.transaction { transaction throws(PostgresError) in
                try transaction.execute(StatementCall(Statement("insert into t values (1)")))
                try transaction.execute(StatementCall(Statement("insert into t values (1 / 0)")))
            }
        }
        let count = try await connection.values(StatementCall(Statement("select count(*) from t")), .int)
        #expect(count == [0])
    }
}
