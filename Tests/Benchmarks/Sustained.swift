import Foundation
import Model
import Postgres

/// S1 and S4: schedules every 10 s, so that `rate` triggers are due per second, each an HTTP POST to the target.
struct Sustained {
    let rate: Int
    let seconds: Int
    let name: String

    func run(_ stand: BenchCluster) async throws -> [ResultRow] {
        let count = rate * 10
        let importSeconds = try await stand.importLines(
            (0..<count).map { index in
                #"{"tenant":"t\#(index % 1_000)","name":"\#(name)-\#(index)","action":{"http":{"url":"\#(stand.target)/ok/\#(index)","body":{"i":\#(index)}}},"when":[{"every":"10s"}]}"#
            })
        // Two rounds to settle, then the window that is measured, then time for what is under way.
        try await Task.sleep(for: .seconds(20))
        let from = Date.now
        try await Task.sleep(for: .seconds(seconds))
        let to = Date.now
        try await Task.sleep(for: .seconds(8))
        let window =
            "occurrence >= to_timestamp(\(from.timeIntervalSince1970)) and occurrence < to_timestamp(\(to.timeIntervalSince1970)) and name like '\(name)-%'"
        let figures = try await stand.numbers(
            """
            select count(*)::float8, (count(*) filter (where state = ${state.delivered}))::float8,
                percentile_disc(0.5) within group (order by lateness_ms)::float8,
                percentile_disc(0.99) within group (order by lateness_ms)::float8,
                max(lateness_ms)::float8, sum(attempts)::float8
            from headgate.trigger where \(window)
            """)
        // Every trigger of the run, not only of the window, against what the target has seen.
        let everything = try await stand.settled(name, name: name, due: rate * seconds)
        let expected = Double(rate * seconds)
        let (planned, delivered) = (figures[0] ?? 0, figures[1] ?? 0)
        let isShort = planned < expected * 0.99 || delivered < planned
        let target = try await stand.targetStatistics()
        return [
            ResultRow(
                scenario: name, what: "schedules registered by import, per second",
                value: "\(Int(Double(count) / importSeconds))"),
            ResultRow(scenario: name, what: "due in the \(seconds) s window (\(rate)/s)", value: "\(Int(planned))"),
            ResultRow(
                scenario: name, what: "delivered and recorded 8 s after the window",
                value: "\(Int(delivered)) (\(Int(delivered) / seconds)/s)", isFailure: isShort,
                perSecond: delivered / Double(seconds)),
            ResultRow(
                scenario: name, what: "lateness p50 / p99 / max",
                value: "\(Int(figures[2] ?? -1)) / \(Int(figures[3] ?? -1)) / \(Int(figures[4] ?? -1)) ms"),
            ResultRow(
                scenario: name, what: "calls seen by the target, repeats of a key",
                value: "\(target["total"]?.description ?? "?"), \(target["repeats"]?.description ?? "?")"),
            everything,
        ]
    }
}
