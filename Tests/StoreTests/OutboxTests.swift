import Memory
import Model
import Postgres
import Store
import Testing

/// Rows of the outbox while its tables change places (protocols.md, 20).
@Suite struct OutboxTests {
    @Test func `each row is written to exactly one table, whenever they change places`() async throws {
        let it = try await StoreUnderTest.postgres()
        let ids = (0..<100).map { ExecutionID(high: 1 << 12, low: 1 << 63 | UInt64($0)) }
        let url = it.databaseURL!
        let admin = PostgresConnection(.init(url: url, applicationName: "test"))
        try await admin.run(
            script: ids.map {
                """
                insert into headgate.execution (id, tenant, bucket, definition, status, input, digest, root, created_at)
                values ('\($0)', 'acme', 0, '\($0)', 0, '', '', '\($0)', now());
                """
            }.joined())
        let store = PostgresExecutionStore(url: url)
        let outbox = PostgresOutbox(url: url)
        let rounds = 300
        try await withThrowingTaskGroup { group in
            group.addTask { while !Task.isCancelled { try await outbox.turn() } }
            for _ in 0..<rounds {
                let result = try await store.transition(ids) { found, _ in
                    found.map {
                        var write = ExecutionWrite(id: $0.row.id, tenant: $0.row.tenant, status: .running, state: [1])
                        write.history = [1]
                        return write
                    }
                }
                #expect(result.written.count == ids.count)
            }
            group.cancelAll()
        }
        let rows = """
            select execution, seq from headgate.outbox_a union all select execution, seq from headgate.outbox_b
            """
        let counts = try await admin.values(
            StatementCall(
                Statement(
                    """
                    select unnest(array[count(*), count(distinct (execution, seq)), max(seq)]) from (\(rows)) r
                    """)), .int)
        #expect(counts == [rounds * ids.count, rounds * ids.count, rounds])
        await store.close()
        await outbox.close()
        await admin.close()
    }
}
