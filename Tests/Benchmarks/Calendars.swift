import Foundation
import Model
import Scheduling

/// How many next occurrences of a cron expression are computed a second, one after the other, on one core. Pure: needs no servers.
struct Calendars {
    private static let expressions = [
        ("0 30 2 * * *", "Europe/Berlin"), ("*/5 * * * *", "UTC"), ("0 9 * * MON-FRI", "America/New_York"),
        ("0 0 L * *", "UTC"), ("0 0 29 2 *", "UTC"),
    ]

    func run() throws -> [ResultRow] {
        let zones = ZoneCatalog(load: { name in
            FileManager.default.contents(atPath: "/usr/share/zoneinfo/\(name)").map { Array($0) }
        })
        return try Calendars.expressions.map { text, zone in
            let entry = CronEntry(try CronExpression(text), timeZone: zone)
            let timing = CompiledTiming(Timing(when: [.cron(entry)]), zones: zones)
            let start = Timestamp("2026-01-01T00:00:00Z")!
            let (begin, seconds) = (ContinuousClock.now, 2.0)
            var (count, time) = (0, start)
            while ContinuousClock.now - begin < .seconds(seconds) {
                for _ in 0..<200 {
                    // A new walk each time, as a loader asks for one schedule after the other.
                    guard let next = timing.next(after: time), next.seconds < 4_000_000_000 else {
                        time = start
                        continue
                    }
                    time = next
                    count += 1
                }
            }
            return ResultRow(
                scenario: "CRON", what: "next occurrences of \(text) in \(zone) a second",
                value: "\(Int(Double(count) / seconds))")
        }
    }
}
