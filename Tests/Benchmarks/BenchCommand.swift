import ArgumentParser
import Foundation
import Model

@main struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "headgate-bench", abstract: "Measure Headgate on this machine and check that nothing was lost.")

    /// What can be measured, by name.
    private static let all = [
        "S1", "S1b", "S2", "S3", "S4", "S5", "S6", "S7", "S8", "S8b", "S9", "S11", "S12", "S13", "HELD", "API", "CRON",
        "FLOW", "sqs", "lambda",
    ]

    /// Those whose goals depend on what the machine makes without features.
    private static let besidePipeline = ["S1", "S1b", "S5", "S8", "S12"]

    @Argument(
        help: """
            S1 sustained, S1b overload, S2 burst, S3 smoothing, S4 precision, S5 noisy neighbour, S6 cold start, S7 idle (with S11, import), \
            S8 flows, S8b few flows, S9 waiting flows, S12 slow targets, S13 waits that end together, HELD held calls, API shares of the API, CRON next occurrences, FLOW transitions of flows, sqs the SQS endpoint, lambda functions as on AWS; several may be named. \
            Without one all are measured, in half an hour.
            """) var scenarios: [String] = []
    @Option(help: "S1 and S1b: triggers due per second.") var rate = 12_000
    @Option(help: "S1, S1b and S4: seconds that are measured.") var seconds = 60
    @Option(
        help: """
            S1, S1b, S5, S8 and S12: a script that runs a bare pipeline, to be measured in the same run; it is given PGHOST, PGPORT, PGUSER, PGPASSWORD, \
            PGDATABASE, REDIS_PORT, and as arguments the schedules due every 10 s and the seconds, and prints `worker N/s`.
            """) var pipeline: String?
    @Option(help: "S2, S5: triggers due at once.") var burst = 100_000
    @Option(help: "S7: schedules.") var schedules = 1_000_000
    @Option(help: "S8 and S8b: seconds of each part.") var part = 30
    @Option(help: "S9: executions that wait.") var waiting = 1_000_000
    @Option(help: "S9: seconds without anything due.") var idle = 600
    @Option(help: "The page that gets the figures.") var page = "docs/performance.md"

    static func main() async {
        // As a function of the scenario lambda.
        if CommandLine.arguments.dropFirst() == ["lambda-runtime"] { BareRuntime.run() }
        await main(nil)
    }

    func validate() throws {
        for scenario in scenarios where !BenchCommand.all.contains(scenario) {
            throw ValidationError(
                "there is no scenario \(scenario); there are \(BenchCommand.all.joined(separator: ", "))")
        }
    }

    func run() async throws {
        var isFailed = false
        // Each on a stand of its own: what one has registered does not disturb the next.
        for scenario in scenarios.isEmpty ? BenchCommand.all.filter({ $0 != "S11" }) : scenarios {
            if ["CRON", "FLOW", "sqs", "lambda"].contains(scenario) {
                let rows =
                    switch scenario {
                    case "CRON": try Calendars().run()
                    case "FLOW": try Transitions().run()
                    case "sqs": try await SQSRates(seconds: 10).run()
                    default: try await LambdaRates().run()
                    }
                let text = ResultRow.table(rows)
                print(text)
                try ResultPage.write(text, scenarios: [scenario], to: page)
                continue
            }
            let stand = try await BenchCluster.start()
            let signals = stand.stopsOnSignals()
            defer { for signal in signals { signal.cancel() } }
            var rows: [ResultRow]
            do {
                let limits = try await Limits.measure(stand)
                let measured = try await measure(scenario, stand)
                rows =
                    limits.rows(
                        rate: measured.compactMap(\.perSecond).first,
                        isCalling: !measured.contains { ["S8", "S9", "S11", "HELD", "API"].contains($0.scenario) })
                    + measured
            } catch {
                stand.stop()
                throw error
            }
            stand.stop()
            if BenchCommand.besidePipeline.contains(scenario), let pipeline {
                for signal in signals { signal.cancel() }
                let what = "bare pipeline without features, calls/s"
                do {
                    let bare = try await BarePipeline(script: pipeline).perSecond()
                    let share = rows.compactMap(\.perSecond).first.map { rate in
                        String(format: ", of which %.0f/s are %.0f %%", rate, rate / bare * 100)
                    }
                    rows.append(
                        ResultRow(scenario: "limit", what: what, value: String(format: "%.0f", bare) + (share ?? "")))
                } catch {
                    rows.append(ResultRow(scenario: "limit", what: what, value: "\(error)", isFailure: true))
                }
            }
            let text = ResultRow.table(rows)
            print(text)
            try ResultPage.write(text, scenarios: [scenario], to: page)
            isFailed = isFailed || rows.contains(where: \.isFailure)
        }
        if isFailed { throw ExitCode(1) }
    }

    private func measure(_ scenario: String, _ stand: BenchCluster) async throws -> [ResultRow] {
        switch scenario {
        case "S1": try await Sustained(rate: rate, seconds: seconds, name: "S1").run(stand)
        case "S1b": try await Overload(rate: rate, seconds: seconds).run(stand)
        case "S2": try await Burst(count: burst).run(stand)
        case "S3":
            try await Smoothing().run(
                stand,
                picture: URL(filePath: page).deletingLastPathComponent().appending(path: "smoothing.svg").path())
        case "S4": try await Sustained(rate: 250, seconds: seconds, name: "S4").run(stand)
        case "S5": try await NoisyNeighbour(count: burst).run(stand)
        case "S6": try await ColdStart().run(programs: stand.programs)
        case "HELD": try await HeldCalls(count: 100_000).run(programs: stand.programs)
        case "S12": try await SlowTargets(rate: 100).run(stand)
        case "S8", "S8b": try await FlowRates(seconds: part).run(stand, only: scenario)
        case "S9": try await WaitingFlows(count: waiting, idle: .seconds(idle)).wait(stand)
        case "S13": try await WaitingFlows(count: waiting, idle: .zero).together(stand)
        case "API": try await APIShares(puts: 500).run(stand)
        default: try await Idle(count: schedules).run(stand)
        }
    }
}
