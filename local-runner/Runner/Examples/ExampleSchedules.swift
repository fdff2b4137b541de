import Model
import Processes

/// The schedules of an example file, which call a test target.
struct ExampleSchedules: Sendable {
    /// The NDJSON with `${TARGET_PORT}` replaced.
    let lines: String
    let count: Int
    let tenants: Int
    /// How late a tenant's triggers may come by design, as its schedule in the file says; only tenants with a margin.
    let margins: [String: String]
    /// `312 by period (5s to 1h), 88 by cron in 30 time zones`
    let summary: String

    /// Throws, with the line, if one is not JSON.
    init(template: String, port: Int, file: String) throws {
        let text = template.split(separator: "${TARGET_PORT}", omittingEmptySubsequences: false)
            .joined(separator: String(port))
        var margins: [String: String] = [:]
        var tenants: Set<String> = []
        var periods: [Duration] = []
        var zones: Set<String> = []
        var crons = 0
        var count = 0
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
        where !line.isEmpty {
            let schedule: JSON
            do {
                schedule = try JSON(parsing: String(line))
            } catch {
                throw RunnerError(.setup, "\(file):\(index + 1): \(error)")
            }
            count += 1
            let tenant = schedule["tenant"]?.text ?? ""
            tenants.insert(tenant)
            if let margin = schedule["margin"]?.text { margins[tenant] = margin }
            for entry in schedule["when"]?.elements ?? [] {
                if let every = entry["every"]?.text.flatMap({ Duration(text: $0) }) { periods.append(every) }
                if entry["cron"] != nil { crons += 1 }
                if let zone = entry["timeZone"]?.text { zones.insert(zone) }
            }
        }
        lines = text
        self.count = count
        self.tenants = tenants.count
        self.margins = margins
        let range = periods.min().map { " (\($0.text) to \(periods.max()!.text))" } ?? ""
        summary = "\(periods.count) by period\(range), \(crons) by cron in \(zones.count) time zones"
    }
}
