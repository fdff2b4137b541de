import Model
import Postgres
import TestServers
import Testing

/// A connection is clean or closed after any failure (protocols.md, 25a).
@Suite(.serialized) struct PostgresFailureTests {
    /// How a statement fails. Each is a real failure of the server's, at the place where the statement stands.
    enum Failure: String, CaseIterable, Sendable {
        case refused = "select 1 / 0"
        case unknownTable = "select * from nowhere"
        case cancelled = "select pg_cancel_backend(pg_backend_pid()), pg_sleep(5)"
        case lockTimeout = "do $$ begin raise exception using errcode = '55P03'; end $$"
        case deadlock = "do $$ begin raise exception using errcode = '40P01'; end $$"
        case terminated = "select pg_terminate_backend(pg_backend_pid()), pg_sleep(5)"
        /// The statement succeeds, and its row is not what the caller expects.
        case unexpectedRow = "select null::int"
    }

    /// Where it stands.
    enum Place: CaseIterable, Sendable {
        case alone
        case afterOwnBegin
        case pipelineWithOwnBegin
        case pipelineFirst
        case pipelineLast
        case transactionFirst
        case transactionBody
        case transactionPipeline
        case transactionLast
        case script
        case scriptWithOwnBegin
    }

    private static let one = StatementCall(Statement("select 1"))
    private static let begin = StatementCall(Statement("begin"))

    private func connection() async throws -> PostgresConnection {
        PostgresConnection(
            .init(url: try await TestServer.sharedPostgres.value.postgresURL(), applicationName: "failure test"))
    }

    private func provoke(_ failure: Failure, at place: Place, on connection: PostgresConnection) async throws {
        let bad = StatementCall(Statement(failure.rawValue))
        let (one, begin) = (Self.one, Self.begin)
        switch place {
        case .alone: _ = try await connection.values(bad, .int)
        case .afterOwnBegin:
            try await connection.execute(begin)
            _ = try await connection.values(bad, .int)
        case .pipelineWithOwnBegin:
            try await connection.pipeline([begin, one, bad])
            _ = try await connection.values(bad, .int)
        case .pipelineFirst:
            try await connection.pipeline([bad, one])
            _ = try await connection.values(bad, .int)
        case .pipelineLast:
            try await connection.pipeline([one, bad])
            _ = try await connection.values(bad, .int)
        case .transactionFirst:
            try await connection.transaction(first: [bad]) { transaction throws(PostgresError) in
                _ = try transaction.values(bad, .int)
            }
        case .transactionBody:
            try await connection.transaction { transaction throws(PostgresError) in
                _ = try transaction.values(bad, .int)
            }
        case .transactionPipeline:
            try await connection.transaction { transaction throws(PostgresError) in
                try transaction.pipeline([one, bad])
                _ = try transaction.values(bad, .int)
            }
        case .transactionLast:
            try await connection.transaction(committing: { transaction throws(PostgresError) in
                if failure == .unexpectedRow { _ = try transaction.values(bad, .int) }
                return ((), [one, bad])
            })
        case .script:
            try await connection.run(script: failure.rawValue)
            _ = try await connection.values(bad, .int)
        case .scriptWithOwnBegin:
            try await connection.run(script: "begin; \(failure.rawValue)")
            _ = try await connection.values(bad, .int)
        }
    }

    @Test(arguments: Failure.allCases, Place.allCases)
    func `whatever fails wherever, the next call works and no transaction stays open`(
        failure: Failure, place: Place
    ) async throws {
        let connection = try await connection()
        _ = try await connection.execute(Self.one)
        await #expect(throws: PostgresError.self) { try await provoke(failure, at: place, on: connection) }
        // A statement of its own transaction, whose effect another session sees at once.
        try await connection.run(script: "create table if not exists public.seen (n int)")
        let other = try await self.connection()
        let open = try await other.values(
            StatementCall(
                Statement(
                    "select count(*) from pg_stat_activity where application_name = 'failure test' and state like 'idle in%'"
                )), .int)
        #expect(open == [0])
        try await connection.transaction { transaction throws(PostgresError) in _ = try transaction.execute(Self.one) }
        try await connection.pipeline([Self.one, Self.one])
        await connection.close()
        await other.close()
    }

    @Test func `a transaction whose body ignores a failure commits nothing, and says so`() async throws {
        let connection = try await connection()
        try await connection.run(script: "create table if not exists public.kept (n int); truncate public.kept")
        let insert = StatementCall(Statement("insert into public.kept values (1)"))
        await #expect(throws: PostgresError.self) {
            try await connection.transaction { transaction throws(PostgresError) in
                try transaction.execute(insert)
                _ = try? transaction.execute(StatementCall(Statement("select 1 / 0")))
                // Not in a transaction of its own either.
                _ = try? transaction.execute(insert)
            }
        }
        let count = try await connection.values(StatementCall(Statement("select count(*) from public.kept")), .int)
        #expect(count == [0])
        await connection.close()
    }

    @Test(arguments: [Failure.terminated, .refused])
    func `a session that holds locks is not replaced in silence`(failure: Failure) async throws {
        let connection = try await connection()
        try await connection.holdSession()
        let before = try await connection.serverProcess()
        await #expect(throws: PostgresError.self) {
            try await connection.execute(StatementCall(Statement(failure.rawValue)))
        }
        guard failure == .terminated else {
            #expect(try await connection.serverProcess() == before, "the session and its locks are still there")
            await connection.close()
            return
        }
        for _ in 0..<2 {
            await #expect(throws: PostgresError.self, "until its owner lets go of it") {
                try await connection.execute(Self.one)
            }
        }
        await connection.close()
        #expect(try await connection.serverProcess() != before)
        await connection.close()
    }
}
