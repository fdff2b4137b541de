import ArgumentParser
import Foundation
import Model

@main struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "headgate-bench", abstract: "Measure Headgate on this machine and check that nothing was lost.")

    @Argument(help: "S1 sustained, S4 precision, S6 cold start; several may be named.") var scenarios = ["S1"]
    @Option(help: "S1: triggers due per second.") var rate = 4_000
    @Option(help: "Seconds that are measured.") var seconds = 30
    @Option(help: "The page that gets the figures.") var page = "docs/performance.md"

    func validate() throws {
        for scenario in scenarios where !["S1", "S4", "S6"].contains(scenario) {
            throw ValidationError("there is no scenario \(scenario) yet: S1, S4, S6")
        }
    }

    func run() async throws {
        let stand = try await Stand.start()
        defer { stand.stop() }
        var rows: [ResultRow] = try await Limits.measure(stand)
        for scenario in scenarios {
            switch scenario {
            case "S1": rows += try await Sustained(rate: rate, seconds: seconds, name: "S1").run(stand)
            case "S4": rows += try await Sustained(rate: 250, seconds: seconds, name: "S4").run(stand)
            default: rows += try await ColdStart().run(programs: stand.programs)
            }
        }
        let text = ResultRow.table(rows)
        print(text)
        try ResultPage.write(text, scenarios: scenarios, to: page)
        if rows.contains(where: \.isFailure) { throw ExitCode(1) }
    }
}
