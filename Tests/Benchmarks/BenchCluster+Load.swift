import Foundation
import Model

/// Lateness of first calls, in milliseconds.
struct Lateness {
    var middle: Int
    var high: Int
    var most: Int
    var count: Int
    var text: String { "\(middle) / \(high) / \(most) ms (of \(count))" }
}

extension BenchCluster {
    /// Imports schedules, 100,000 a request. The seconds that the requests took.
    func importLines(_ lines: [String]) async throws -> Double {
        var seconds = 0.0
        for start in stride(from: 0, to: lines.count, by: 100_000) {
            let body = Array(lines[start..<min(start + 100_000, lines.count)].joined(separator: "\n").utf8)
            let begin = ContinuousClock.now
            let answer = try await call("POST", "/v1/schedules/import", body, type: "application/x-ndjson")
            seconds += (ContinuousClock.now - begin).inSeconds
            guard answer["refused"]?.elements?.isEmpty == true else {
                throw BenchError(description: "the import refused lines: \(answer)")
            }
        }
        return seconds
    }

    /// Imports schedules that are due at the same time, so many seconds from now; that time.
    func importAhead(
        _ name: String, count: Int, seconds: Int, line: (Int, Timestamp) -> String
    ) async throws -> Timestamp {
        let due = Timestamp(seconds: Int64(Date.now.timeIntervalSince1970) + Int64(seconds))
        _ = try await importLines((0..<count).map { line($0, due) })
        guard Date.now.timeIntervalSince1970 < Double(due.seconds) - 3 else {
            throw BenchError(description: "\(name): the import took longer than \(seconds) s")
        }
        return due
    }

    func sleep(until time: Timestamp) async throws {
        try await Task.sleep(for: .seconds(max(0, Double(time.seconds) - Date.now.timeIntervalSince1970)))
    }

    /// Lateness of the occurrences of a stretch of time from now on; waits until they are over.
    func lateness(
        of name: String, during time: Duration, recordedWithin delay: Duration = .seconds(2)
    ) async throws -> Lateness {
        let from = Date.now.timeIntervalSince1970
        try await Task.sleep(for: time)
        let to = Date.now.timeIntervalSince1970
        try await Task.sleep(for: delay)
        let figures = try await numbers(
            """
            select percentile_disc(0.5) within group (order by lateness_ms)::float8,
                percentile_disc(0.99) within group (order by lateness_ms)::float8, max(lateness_ms)::float8, count(*)::float8
            from headgate.trigger
            where name like '\(name)' and occurrence >= to_timestamp(\(from)) and occurrence < to_timestamp(\(to))
                and lateness_ms is not null
            """)
        let values = figures.prefix(4).map { Int($0 ?? -1) }
        return Lateness(middle: values[0], high: values[1], most: values[2], count: values[3])
    }

    /// The longest time between two first calls of the occurrences of a stretch of time from now on, in seconds; or up to its end.
    func longestSilence(of name: String, during time: Duration) async throws -> Double {
        let from = Date.now.timeIntervalSince1970
        try await Task.sleep(for: time)
        let to = Date.now.timeIntervalSince1970
        try await Task.sleep(for: .seconds(2))
        let figures = try await numbers(
            """
            with called as (select extract(epoch from planned_at) + lateness_ms / 1000.0 as at from headgate.trigger
                where name = '\(name)' and occurrence >= to_timestamp(\(from)) and lateness_ms is not null),
                bounded as (select at from called where at < \(to) union all values (\(from)), (\(to)))
            select max(gap)::float8 from (select at - lag(at) over (order by at) as gap from bounded) gaps
            """)
        return (figures.first ?? nil) ?? .infinity
    }

    /// What each process of the product has used so far, by its id.
    func processorSeconds() -> [Int: (name: String, seconds: Double)] {
        var parents: [Int: (parent: Int, name: String, seconds: Double)] = [:]
        for entry in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
            guard let id = Int(entry), let stat = try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8),
                let open = stat.firstIndex(of: "("), let close = stat.lastIndex(of: ")")
            else { continue }
            let fields = stat[stat.index(close, offsetBy: 2)...].split(separator: " ")
            guard fields.count > 12, let parent = Int(fields[1]), let user = Double(fields[11]),
                let system = Double(fields[12])
            else { continue }
            let name = String(stat[stat.index(after: open)..<close])
            parents[id] = (parent, name, (user + system) / Double(sysconf(Int32(_SC_CLK_TCK))))
        }
        let roots = Set(rootProcesses)
        return parents.filter { id, _ in
            var at = id
            while at > 1 {
                if roots.contains(at) { return true }
                at = parents[at]?.parent ?? 0
            }
            return false
        }.mapValues { ($0.name, $0.seconds) }
    }
}
