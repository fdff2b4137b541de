import Foundation

/// One figure of the table.
struct ResultRow {
    var scenario: String
    var what: String
    var value: String
    /// Something was lost or recorded wrongly: the run is worth nothing.
    var isFailure = false
    /// Where the row is a rate: triggers or schedules a second, to be held against the limits of the same run.
    var perSecond: Double?

    static func table(_ rows: [ResultRow]) -> String {
        let lines = rows.map { "| \($0.scenario) | \($0.what) | \($0.value)\($0.isFailure ? " **FAILED**" : "") |" }
        return (["| scenario | what | value |", "|---|---|---|"] + lines).joined(separator: "\n")
    }
}

/// The page of figures: each scenario's table stands between two marks and is replaced by the next run.
enum ResultPage {
    static func write(_ table: String, scenarios: [String], to path: String) throws {
        let old = (try? String(contentsOfFile: path, encoding: .utf8)) ?? "# Performance\n"
        let name = scenarios.joined(separator: "-")
        let (begin, end) = ("<!-- \(name) -->", "<!-- end \(name) -->")
        let section = "\(begin)\n\(table)\n\(end)"
        if let start = old.range(of: begin), let stop = old.range(of: end) {
            let new = old.replacingCharacters(in: start.lowerBound..<stop.upperBound, with: section)
            try new.write(toFile: path, atomically: true, encoding: .utf8)
        } else {
            try (old + "\n## \(name)\n\n\(section)\n").write(toFile: path, atomically: true, encoding: .utf8)
        }
    }
}
