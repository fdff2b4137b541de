import Foundation
import Postgres

/// A program of the same shape without features, to hold what is measured against; run on servers of its own in the same run.
struct BarePipeline {
    /// A script that is given `PGHOST`, `PGPORT`, `PGUSER`, `PGPASSWORD`, `PGDATABASE` and `REDIS_PORT`, and as arguments how many
    /// schedules are due every 10 s and for how many seconds it runs; it prints `worker N/s`.
    let script: String

    /// Calls a second of its worker, with more due than it can make.
    func perSecond() async throws -> Double {
        let stand = try await BenchCluster.start()
        let signals = stand.stopsOnSignals()
        defer {
            stand.stop()
            for signal in signals { signal.cancel() }
        }
        try await stand.database.run(script: "create database bare")
        guard let url = URLComponents(string: stand.postgres), let host = url.host, let port = url.port else {
            throw BenchError(description: "the runner's Postgres has no URL with host and port")
        }
        let text = try Limits.output(
            script, ["250000", "20"],
            environment: [
                "PGHOST": host, "PGPORT": "\(port)", "PGUSER": url.user ?? "", "PGPASSWORD": url.password ?? "",
                "PGDATABASE": "bare", "REDIS_PORT": stand.redis.split(separator: ":").last.map(String.init) ?? "",
            ])
        guard let rate = text.firstMatch(of: /worker ([0-9.]+)\/s/).flatMap({ Double($0.1) }) else {
            throw BenchError(description: "\(script) printed no line `worker N/s`:\n\(text)")
        }
        return rate
    }
}
