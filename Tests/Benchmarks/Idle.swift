import Foundation
import Model

/// S7 and S11: many schedules are imported, none of them due for an hour; then what all processes use while nothing is due.
struct Idle {
    let count: Int

    func run(_ stand: BenchCluster) async throws -> [ResultRow] {
        let anchor = Timestamp(milliseconds: Int64((Date.now.timeIntervalSince1970 + 7_200) * 1_000))
        let lines = (0..<count).map { index in
            #"{"tenant":"t\#(index % 1_000)","name":"S7-\#(index)","action":{"http":{"url":"\#(stand.target)/ok/\#(index)","body":{"i":\#(index)}}},"when":[{"every":"30d","anchor":"\#(anchor)"}]}"#
        }
        let seconds = try await stand.importLines(lines)
        try await Task.sleep(for: .seconds(20))
        let before = stand.processorSeconds()
        let start = ContinuousClock.now
        try await Task.sleep(for: .seconds(30))
        let elapsed = (ContinuousClock.now - start).inSeconds
        let after = stand.processorSeconds()
        let sizes = try await stand.numbers(
            """
            select sum(pg_total_relation_size(c.oid))::float8, pg_total_relation_size('headgate.schedule_name')::float8
            from pg_class c where c.relnamespace = 'headgate'::regnamespace and c.relname ~ '^schedule_[0-9]+$'
            """)
        let used = after.reduce(into: [String: Double]()) { sum, item in
            sum[item.value.name, default: 0] += item.value.seconds - (before[item.key]?.seconds ?? 0)
        }
        let parts = used.sorted { $0.value > $1.value }.prefix(5).map {
            String(format: "%@ %.1f %%", $0.key, $0.value / elapsed * 100)
        }
        return [
            ResultRow(
                scenario: "S11", what: "\(count) schedules imported as NDJSON, per second",
                value: "\(Int(Double(count) / seconds))", perSecond: Double(count) / seconds),
            ResultRow(
                scenario: "S7", what: "\(count) schedules, none due: all processes, of one core",
                value: String(
                    format: "%.1f %% (%@)", used.values.reduce(0, +) / elapsed * 100, parts.joined(separator: ", "))),
            ResultRow(
                scenario: "S7", what: "bytes of Postgres per schedule, with its indexes / with its name's row",
                value:
                    "\(Int((sizes[0] ?? 0) / Double(count))) / \(Int(((sizes[0] ?? 0) + (sizes[1] ?? 0)) / Double(count)))"
            ),
        ]
    }
}
