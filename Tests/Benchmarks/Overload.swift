import Foundation
import Model
import Postgres

/// S1b: calls per second at S1's load, then with twice that rate due (at least S1's load), and lateness at half of it.
struct Overload {
    let rate: Int
    let seconds: Int

    func run(_ stand: BenchCluster) async throws -> [ResultRow] {
        _ = try await stand.importLines((0..<rate * 10).map { line($0, stand) })
        try await Task.sleep(for: .seconds(20))
        let sustained = try await callsPerSecond(stand)
        let offered = max(2 * Int(sustained), rate)
        let more = offered * 10
        if more > rate * 10 { _ = try await stand.importLines((rate * 10..<more).map { line($0, stand) }) }
        try await Task.sleep(for: .seconds(10))
        let overloaded = try await callsPerSecond(stand)
        // Keep half the sustained rate: each schedule fires every 10 s.
        let left = Int(sustained) * 5
        try await stand.pauseSchedules(where: "name like 'S1b-%' and substr(name, 5)::int >= \(left)")
        try await Task.sleep(for: .seconds(10))
        let afterwards = try await stand.lateness(of: "S1b-%", during: .seconds(20))
        // A skip record is premature if it was planned before the occurrence after its last one (10 s later) was due.
        let early = try await stand.numbers(
            """
            select coalesce(sum(count), 0)::float8,
                coalesce(sum(count) filter (where state = ${state.skipped} and planned_at < last_occurrence + interval '10 s'
                    or state = ${state.expired} and planned_at < occurrence), 0)::float8
            from headgate.trigger where state in (${state.expired}, ${state.skipped}) and name like 'S1b-%'
            """)
        let share = overloaded / sustained
        return [
            ResultRow(
                scenario: "S1b", what: "calls per second with \(rate)/s due", value: "\(Int(sustained))",
                perSecond: sustained),
            ResultRow(
                scenario: "S1b", what: "calls per second with \(offered)/s due, for \(seconds) s",
                value: String(format: "%.0f (%.0f %%)", overloaded, share * 100), isFailure: !(share >= 0.9)),
            ResultRow(
                scenario: "S1b", what: "occurrences skipped / of these while no newer one of the schedule was due",
                value: "\(Int(early[0] ?? -1)) / \(Int(early[1] ?? -1))", isFailure: early[1] != 0),
            ResultRow(
                scenario: "S1b", what: "10 s afterwards, with \(left / 10)/s due: lateness p50 / p99 / max",
                value: afterwards.text, isFailure: afterwards.high > 1_000),
            try await stand.settled("S1b", name: "S1b", due: left, skips: true),
        ]
    }

    private func line(_ index: Int, _ stand: BenchCluster) -> String {
        #"{"tenant":"t\#(index % 1_000)","name":"S1b-\#(index)","action":{"http":{"url":"\#(stand.target)/ok/\#(index)","body":{"i":\#(index)}}},"when":[{"every":"10s"}]}"#
    }

    /// As the target has seen them.
    private func callsPerSecond(_ stand: BenchCluster) async throws -> Double {
        let before = try await stand.targetStatistics()["total"]?.int ?? 0
        let start = ContinuousClock.now
        try await Task.sleep(for: .seconds(seconds))
        let after = try await stand.targetStatistics()["total"]?.int ?? 0
        return Double(after - before) / (ContinuousClock.now - start).inSeconds
    }
}
