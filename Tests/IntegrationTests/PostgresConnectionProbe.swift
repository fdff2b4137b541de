import Postgres
import TestServers

/// Looks at the tables as the API's role, without naming a tenant.
struct PostgresConnectionProbe {
    private let connection: PostgresConnection

    init(_ cluster: Cluster) {
        connection = PostgresConnection(
            .init(url: cluster.postgres.postgresURL(user: "headgate_api"), applicationName: "probe"))
    }

    func visibleSchedules() async throws -> Int {
        try await connection.values(StatementCall(Statement("select count(*) from headgate.schedule")), .int)[0]
    }
}
