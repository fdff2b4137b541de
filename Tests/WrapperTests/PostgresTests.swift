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
                "select $1::bool, $2::int2, $3::int8, $4::float8, $5::text, $6::bytea, $7::uuid, $8::timestamptz, $9::text"
            ),
            [
                .bool(true), .smallint(-3), .bigint(1 << 40), .double(-1.5), .text("ä\n"), .bytes([0, 255]), .uuid(id),
                .time(time), .text(nil),
            ])
        let rows = try await connection.query(call) { row throws(PostgresError) in
            let same = [
                try row.bool(0) == true, try row.int(1) == -3, try row.int(2) == 1 << 40, try row.double(3) == -1.5,
                try row.text(4) == "ä\n", try row.bytes(5) == [0, 255], try row.uuid(6) == id, try row.time(7) == time,
                try row.text(8) == nil,
            ]
            return !same.contains(false)
        }
        #expect(rows == [true])
    }

    @Test func `times without end come back as such`() async throws {
        let call = StatementCall(
            Statement("select $1::timestamptz, $2::timestamptz"), [.time(.distantFuture), .time(.distantPast)])
        let rows = try await connection().query(call) { row throws(PostgresError) in [try row.time(0), try row.time(1)]
        }
        #expect(rows == [[.distantFuture, .distantPast]])
    }

    @Test func `arrays carry nulls and come back as rows`() async throws {
        let call = StatementCall(
            Statement("select a, b from unnest($1::text[], $2::int4[]) as u (a, b)"),
            [.texts(["x", nil, ""]), .ints([1, 2, nil])])
        let rows = try await connection().query(call) { row throws(PostgresError) in
            "\(try row.text(0) ?? "-")\(try row.int(1) ?? 0)"
        }
        #expect(rows == ["x1", "-2", "0"])
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
        let count = try await connection.query(StatementCall(Statement("select count(*) from p"))) {
            row throws(PostgresError) in try row.int(0)
        }
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
            try await watcher.query(
                StatementCall(
                    Statement("select 1 from pg_stat_activity where query = 'select pg_sleep(60)' and state = 'active'")
                )
            ) { _ throws(PostgresError) in 1 }.count == 1
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
            try await connection.transaction { connection throws(PostgresError) in
                try connection.execute(StatementCall(Statement("insert into t values (1)")))
                try connection.execute(StatementCall(Statement("insert into t values (1 / 0)")))
            }
        }
        let count = try await connection.query(StatementCall(Statement("select count(*) from t"))) {
            row throws(PostgresError) in try row.int(0)
        }
        #expect(count == [0])
    }
}
