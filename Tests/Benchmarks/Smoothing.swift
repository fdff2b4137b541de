import Foundation
import Model
import Scheduling

/// S3: many triggers due in the same second, with a margin: the planner alone against the optimum, and what really goes out.
struct Smoothing {
    /// Triggers of the run in real time, and their margin in seconds.
    let count = 6_000
    let margin = 60

    func run(_ stand: BenchCluster, picture: String) async throws -> [ResultRow] {
        let (peak, optimum) = planned(count: 60_000, margin: 900, shards: 16)
        let smooth = try await rates(stand, "S3-smooth", margin: "\(margin)s")
        let sharp = try await rates(stand, "S3-sharp", margin: "0s")
        try drawing(of: [("margin 0s", "orangered", sharp), ("margin \(margin)s", "royalblue", smooth)])
            .write(toFile: picture, atomically: true, encoding: .utf8)
        return [
            ResultRow(
                scenario: "S3",
                what: "60000 due in one second, 15 min of margin, 16 shards planned apart: peak / optimum",
                value: String(format: "%d / %d a second (%.2f x)", peak, optimum, Double(peak) / Double(optimum)),
                isFailure: Double(peak) > 1.1 * Double(optimum)),
            ResultRow(
                scenario: "S3",
                what: "\(count) due in one second, delivered: busiest second with \(margin) s of margin / without",
                value: "\(smooth.max() ?? 0) / \(sharp.max() ?? 0) (optimum \(count / margin))"),
            try await stand.settled("S3", name: "S3", due: 2 * count),
        ]
    }

    /// The busiest second of a plan in which each shard knows only its own load.
    private func planned(count: Int, margin: Int, shards: Int) -> (peak: Int, optimum: Int) {
        let zones = ZoneCatalog(load: { _ in nil })
        let due = Timestamp(seconds: 1_790_000_000)
        var perSecond: [Int64: Int] = [:]
        for shard in 0..<shards {
            var hash = StableHash()
            hash.combine(UInt64(shard))
            let planner = Planner(zones: zones, tieOffset: hash.value)
            var load = LoadHistogram([])
            let requests = stride(from: shard, to: count, by: shards).map { index in
                PlanRequest(
                    timing: Timing(when: [.at(due)], margin: .duration(.seconds(Int64(margin)))), seed: UInt64(index),
                    cursor: due)
            }
            for plan in planner.plan(requests, now: due - .seconds(1), horizon: due + .seconds(2), load: &load) {
                for trigger in plan.triggers { perSecond[trigger.plannedAt.seconds, default: 0] += 1 }
            }
        }
        return (perSecond.values.max() ?? 0, (count + margin - 1) / margin)
    }

    /// First calls in each second from the occurrence on, as recorded.
    private func rates(_ stand: BenchCluster, _ name: String, margin: String) async throws -> [Int] {
        let due = try await stand.importAhead(name, count: count, seconds: 8) { index, due in
            #"{"tenant":"t\#(index % 100)","name":"\#(name)-\#(index)","action":{"http":{"url":"\#(stand.target)/ok/\#(index)"}},"when":[{"at":"\#(due)"}],"margin":"\#(margin)"}"#
        }
        try await stand.sleep(until: due)
        try await Task.sleep(for: .seconds(Int64(self.margin + 5)))
        var rates: [Int] = []
        for second in 0..<self.margin + 4 {
            let counts = try await stand.numbers(
                """
                select count(*)::float8 from headgate.trigger where name like '\(name)-%' and state = ${state.delivered}
                    and floor(extract(epoch from planned_at + lateness_ms * interval '1 ms' - occurrence)) = \(second)
                """)
            rates.append(Int(counts[0] ?? 0))
        }
        return rates
    }

    /// A line for each series, calls over seconds.
    private func drawing(of series: [(name: String, colour: String, rates: [Int])]) -> String {
        let (width, height, left, bottom) = (720.0, 300.0, 60.0, 40.0)
        let most = Double(series.flatMap(\.rates).max() ?? 1)
        let length = Double(series.map(\.rates.count).max() ?? 1)
        func x(_ second: Double) -> Double { left + second / length * (width - left - 20) }
        func y(_ rate: Double) -> Double { height - bottom - rate / most * (height - bottom - 30) }
        var lines = [
            #"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \#(Int(width)) \#(Int(height))" font-family="sans-serif" font-size="12">"#,
            "<title>\(count) triggers due in one second: calls per second, as recorded</title>",
            #"<rect width="100%" height="100%" fill="white"/>"#,
        ]
        for share in [0.0, 0.5, 1.0] {
            let place = y(most * share)
            lines.append(
                #"<line x1="\#(left)" y1="\#(place)" x2="\#(width - 20)" y2="\#(place)" stroke="silver"/><text x="\#(left - 6)" y="\#(place + 4)" text-anchor="end">\#(Int(most * share))</text>"#
            )
        }
        for second in stride(from: 0, through: Int(length), by: 10) {
            lines.append(
                #"<text x="\#(x(Double(second)))" y="\#(height - bottom + 16)" text-anchor="middle">\#(second) s</text>"#
            )
        }
        for (index, one) in series.enumerated() {
            var points = "\(x(0)),\(y(0))"
            for (second, rate) in one.rates.enumerated() {
                points += " \(x(Double(second))),\(y(Double(rate))) \(x(Double(second + 1))),\(y(Double(rate)))"
            }
            lines.append(#"<polyline points="\#(points)" fill="none" stroke="\#(one.colour)" stroke-width="2"/>"#)
            lines.append(
                #"<text x="\#(width - 24)" y="\#(44 + index * 18)" text-anchor="end" fill="\#(one.colour)">\#(one.name): busiest second \#(one.rates.max() ?? 0)</text>"#
            )
        }
        return (lines + ["</svg>", ""]).joined(separator: "\n")
    }
}
