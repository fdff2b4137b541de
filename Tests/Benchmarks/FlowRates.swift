import Foundation
import Model
import Postgres

/// S8 and S8b: flows of three HTTP steps whose target answers at once.
struct FlowRates {
    /// Seconds of each part.
    let seconds: Int
    /// Flows a second of S8b.
    static let quiet = 167
    /// Flows of one import.
    private static let lines = 1_000
    /// Flows that are under way at once while as many as possible are made.
    private static let window = 4_000
    /// Calls that start one flow each, at once, and the tenants that make them: a tenant has a share of the API.
    private static let callers = 64, tenants = 16

    func run(_ stand: BenchCluster, only scenario: String) async throws -> [ResultRow] {
        try await publish(stand)
        var started = 0
        var rows: [ResultRow] = []
        if scenario == "S8" {
            let (bulk, bulkRows) = try await saturate(stand, started: &started)
            rows += bulkRows
            rows.append(try await steady(stand, "S8", rate: Int(bulk * 0.7), started: &started))
            rows.append(try await oneByOne(stand, started: &started))
        } else {
            // The first flows wake the workers.
            _ = try await steady(stand, "S8b", rate: FlowRates.quiet, started: &started, during: 5)
            rows.append(try await steady(stand, "S8b", rate: FlowRates.quiet, started: &started))
        }
        rows.append(try await complete(stand, scenario, started: started))
        return rows
    }

    /// - Parameter key: of the tenant; nil: the runner's.
    private func publish(_ stand: BenchCluster, key: String? = nil) async throws {
        let url = JSON.string("\(stand.target)/ok/flow")
        let flow: JSON = [
            "inputs": ["n": "integer"],
            "steps": [
                "one": ["type": "http", "with": ["url": url, "body": "${inputs.n}"]],
                "two": ["type": "http", "with": ["url": url, "body": "${one.status}"]],
                "three": ["type": "http", "with": ["url": url, "body": "${two.status}"]],
            ], "outputs": ["status": "${three.status}"],
        ]
        _ = try await stand.call("PUT", "/v1/flows/bench", flow.serialized, key: key)
    }

    private func importFlows(_ stand: BenchCluster, _ count: Int, started: inout Int) async throws {
        let body = (0..<count).map { #"{"input":{"n":\#(started + $0)}}"# }.joined(separator: "\n")
        let answer = try await stand.call(
            "POST", "/v1/flows/bench/executions/import", Array(body.utf8), type: "application/x-ndjson")
        guard answer["started"]?.int == count else {
            throw BenchError(description: "the import refused lines: \(answer)")
        }
        started += count
    }

    /// Flows that have ended, by the calls that the target has seen.
    private func ended(_ stand: BenchCluster) async throws -> Int {
        (try await stand.targetStatistics()["distinctKeys"]?.int ?? 0) / 3
    }

    /// As many as can be made, and what each costs.
    private func saturate(_ stand: BenchCluster, started: inout Int) async throws -> (Double, [ResultRow]) {
        try await importFlows(stand, FlowRates.lines, started: &started)
        let (begin, before) = (ContinuousClock.now, try await FlowCosts.now(stand))
        let (first, length) = (try await ended(stand), Duration.seconds(seconds))
        while ContinuousClock.now - begin < length {
            if started - (try await ended(stand)) < FlowRates.window {
                try await importFlows(stand, FlowRates.lines, started: &started)
            } else {
                try await Task.sleep(for: .milliseconds(20))
            }
        }
        let count = Double(try await ended(stand) - first)
        let elapsed = (ContinuousClock.now - begin).inSeconds
        let costs = try await FlowCosts.now(stand).since(before)
        let rate = count / elapsed
        return (
            rate,
            [
                ResultRow(
                    scenario: "S8", what: "flows of three HTTP steps that end, per second, started by import",
                    value: String(format: "%.0f", rate), perSecond: rate),
                ResultRow(scenario: "S8", what: "a flow costs", value: costs.text(perFlow: count)),
                ResultRow(scenario: "S8", what: "processes, of one core each", value: costs.shares(elapsed)),
            ]
        )
    }

    /// A rate that leaves room: how long a flow takes until its first call is claimed, and until its end.
    private func steady(
        _ stand: BenchCluster, _ scenario: String, rate: Int, started: inout Int, during length: Int? = nil
    ) async throws -> ResultRow {
        try await drained(stand, started)
        let begin = ContinuousClock.now
        let from = Timestamp(microseconds: Int64(Date.now.timeIntervalSince1970 * 1e6))
        // One import in 100 ms, or a start in its turn.
        let pause = rate < 1_000 ? 1.0 / Double(rate) : 0.1
        let batch = max(1, Int(Double(rate) * pause))
        var next = begin
        let first = started
        while ContinuousClock.now - begin < .seconds(length ?? seconds) {
            try await Task.sleep(until: next, tolerance: .zero)
            next += .seconds(pause)
            try await importFlows(stand, batch, started: &started)
        }
        let reached = Double(started - first) / (ContinuousClock.now - begin).inSeconds
        try await drained(stand, started)
        try await Task.sleep(for: .seconds(3))
        let figures = try await stand.numbers(
            """
            with first as (
                select e.execution, min(e.at) as at from headgate_history.event e
                where e.at >= '\(from)' group by e.execution
            )
            select percentile_disc(0.5) within group (order by extract(epoch from f.at - s.created_at))::float8 * 1000,
                percentile_disc(0.99) within group (order by extract(epoch from f.at - s.created_at))::float8 * 1000,
                percentile_disc(0.99) within group (order by extract(epoch from s.ended_at - s.created_at))::float8 * 1000
            from headgate_history.ended_execution s join first f on f.execution = s.execution where s.created_at >= '\(from)'
            """)
        let values = figures.map { String(format: "%.0f", $0 ?? -1) }
        return ResultRow(
            scenario: scenario,
            what: "at \(Int(reached)) flows/s: start to first step p50 / p99, start to end p99",
            value: "\(values[0]) / \(values[1]) ms, \(values[2]) ms")
    }

    /// A call to the API for each flow.
    private func oneByOne(_ stand: BenchCluster, started: inout Int) async throws -> ResultRow {
        try await drained(stand, started)
        var keys: [String] = []
        for number in 0..<FlowRates.tenants {
            let body = Array(#"{"subject":"bench","tenant":"one-\#(number)","role":"admin"}"#.utf8)
            let key = try await stand.call("POST", "/v1/keys", body)["key"]?.text ?? ""
            try await publish(stand, key: key)
            keys.append(key)
        }
        let begin = ContinuousClock.now
        let end = begin + .seconds(seconds)
        let first = try await ended(stand)
        let count = try await withThrowingTaskGroup(of: Int.self) { group in
            for caller in 0..<FlowRates.callers {
                let key = keys[caller % keys.count]
                group.addTask {
                    var count = 0
                    while ContinuousClock.now < end {
                        _ = try await stand.call(
                            "POST", "/v1/flows/bench/executions", Array(#"{"input":{"n":1}}"#.utf8), key: key)
                        count += 1
                    }
                    return count
                }
            }
            return try await group.reduce(0, +)
        }
        started += count
        let rate = Double(try await ended(stand) - first) / (ContinuousClock.now - begin).inSeconds
        return ResultRow(
            scenario: "S8",
            what: "the same, started one by one by \(FlowRates.callers) callers of \(FlowRates.tenants) tenants",
            value: String(format: "%.0f (started %.0f)", rate, Double(count) / Double(seconds)))
    }

    private func drained(_ stand: BenchCluster, _ started: Int) async throws {
        for _ in 0..<1_200 {
            if try await ended(stand) >= started { return }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Every flow has succeeded once, with three calls, and the history knows.
    private func complete(_ stand: BenchCluster, _ scenario: String, started: Int) async throws -> ResultRow {
        var counts: [Double?] = []
        for _ in 0..<240 {
            counts = try await stand.numbers(
                """
                select (select count(*) from headgate_history.ended_execution where status = ${execution.succeeded})::float8,
                    (select count(*) from headgate_history.open_execution)::float8,
                    (select count(*) from headgate_history.event)::float8
                """)
            if counts[0] == Double(started), counts[1] == 0 { break }
            try await Task.sleep(for: .milliseconds(250))
        }
        let target = try await stand.targetStatistics()
        let (keys, repeats) = (target["distinctKeys"]?.int ?? -1, target["repeats"]?.int ?? -1)
        let succeeded = Int(counts[0] ?? -1)
        return ResultRow(
            scenario: scenario, what: "flows that succeeded of those started / keys that the target has seen, repeats",
            value: "\(succeeded) of \(started) / \(keys), \(repeats)",
            isFailure: succeeded != started || keys != 3 * started || repeats != 0)
    }
}

/// What the servers and functions have used so far.
private struct FlowCosts {
    var wal = 0.0
    var transactions = 0.0
    var written = 0.0
    var seconds: [Int: (name: String, seconds: Double)] = [:]

    static func now(_ stand: BenchCluster) async throws -> FlowCosts {
        let figures = try await stand.numbers(
            """
            select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8, xact_commit::float8,
                (tup_inserted + tup_updated + tup_deleted)::float8
            from pg_stat_database where datname = current_database()
            """)
        return FlowCosts(
            wal: figures[0] ?? 0, transactions: figures[1] ?? 0, written: figures[2] ?? 0,
            seconds: stand.processorSeconds())
    }

    func since(_ before: FlowCosts) -> FlowCosts {
        var costs = self
        costs.wal -= before.wal
        costs.transactions -= before.transactions
        costs.written -= before.written
        costs.seconds = Dictionary(
            uniqueKeysWithValues: seconds.map { id, used in
                (id, (used.name, used.seconds - (before.seconds[id]?.seconds ?? 0)))
            })
        return costs
    }

    /// By name, of all processes together.
    private var byName: [(name: String, seconds: Double)] {
        let sums = seconds.values.reduce(into: [String: Double]()) { $0[$1.name, default: 0] += $1.seconds }
        return sums.sorted { $0.value > $1.value }.map { ($0.key, $0.value) }
    }

    func text(perFlow count: Double) -> String {
        let postgres = byName.first { $0.name == "postgres" }?.seconds ?? 0
        return String(
            format: "%.0f us of Postgres, %.1f kB of WAL, %.1f rows written, %.2f transactions", postgres / count * 1e6,
            wal / count / 1_024, written / count, transactions / count)
    }

    func shares(_ elapsed: Double) -> String {
        byName.prefix(7).map { String(format: "%@ %.0f %%", $0.name, $0.seconds / elapsed * 100) }.joined(
            separator: ", ")
    }
}
