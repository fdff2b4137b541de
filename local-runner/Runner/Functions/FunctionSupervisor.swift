import Glibc
import Model
package import Processes
import Synchronization
package import TopologyFile

/// Keeps functions running as the topology says until its task is cancelled; then it starts nothing more, and leaves
/// the processes to `stop`.
package struct FunctionSupervisor: Sendable {
    package let fleet: Fleet
    package let console: Console
    /// How often it looks at the backlog.
    package var tick = Duration.milliseconds(250)

    /// A supervisor that starts its processes in a fleet.
    package init(fleet: Fleet, console: Console) {
        self.fleet = fleet
        self.console = console
    }

    /// Keeps one process running: restarts it when it ends, after a pause that grows while it keeps crashing.
    ///
    /// - Parameters:
    ///   - output: gets its lines; nil: the console does.
    ///   - first: a process that runs already.
    ///   - started: called after each start.
    package func keep(
        _ request: SpawnRequest, output: (@Sendable (String?) -> Void)? = nil, first: ChildProcess? = nil,
        started: @Sendable (ChildProcess) async throws -> Void = { _ in }
    ) async throws {
        var backoff = RestartBackoff()
        var existing = first
        while true {
            let child: ChildProcess
            if let first = existing {
                child = first
                existing = nil
            } else {
                child = try await fleet.start(request, output: output ?? lines(of: request.label))
                try await started(child)
            }
            guard let status = await child.exit.wait() else { throw CancellationError() }
            let delay = backoff.delay(afterLife: .now - child.startedAt)
            console.say("\(request.label) ended (\(status)); starts again in \(delay.text)")
            try await Task.sleep(for: delay)
        }
    }

    /// Keeps as many processes of a pull function running as its backlog asks for. `depth` returns nil while it is
    /// unknown.
    package func scale(
        _ function: FunctionSpecification, _ pull: FunctionSpecification.Pull, settings: FunctionSettings,
        depth: @escaping @Sendable () -> QueueDepth?
    ) async throws {
        let crew = Crew(Autoscaler(concurrency: pull.concurrency, batch: pull.batch))
        try await withThrowingDiscardingTaskGroup { group in
            while true {
                for number in crew.starts(depth()) {
                    let request = settings.request(function, number: number)
                    let child = try await fleet.start(request, output: lines(of: request.label))
                    group.addTask {
                        guard let status = await child.exit.wait() else { throw CancellationError() }
                        let life = ContinuousClock.now - child.startedAt
                        if let delay = crew.ended(number, orderly: status.isOrderly, life: life) {
                            console.say("\(request.label) ended (\(status)); no start for \(delay.text)")
                        }
                    }
                }
                try await Task.sleep(for: tick)
            }
        }
    }

    /// Stops all functions: first those that produce work, then those that do it, then those that record it and watch, and last
    /// SQS, in which they settle.
    /// A process that has not ended within `grace`, or once `hurry` resolves, is asked again, and then releases what it
    /// holds; two seconds later it is killed.
    package func stop(grace: Duration, hurry: OneShot<Void>) async {
        let deadline = ContinuousClock.now + grace
        for rank in 0...4 {
            let children = fleet.children.filter { FunctionSupervisor.rank($0.label) == rank }
            guard !children.isEmpty else { continue }
            let rest = max(.zero, deadline - .now)
            if await !fleet.stop(children, signal: SIGTERM, grace: rest, hurry: hurry) { break }
        }
        let late = fleet.children
        guard !late.isEmpty else { return }
        console.say("still running: \(late.map(\.label).sorted().joined(separator: ", ")); asking again")
        if await !fleet.stop(late, signal: SIGTERM, grace: .seconds(2)) { await fleet.killAll() }
    }

    private func lines(of label: String) -> @Sendable (String?) -> Void {
        { line in if let line { console.print(line, from: label) } }
    }

    private static func rank(_ label: String) -> Int {
        switch label.prefix(while: { !$0.isNumber }) {
        case "api-", "loader-": 0
        case "historian-": 2
        case "monitor-": 3
        case "sqs-": 4
        default: 1
        }
    }
}

/// The numbers of a pull function's running processes, and its autoscaler.
private final class Crew: Sendable {
    private struct State {
        var autoscaler: Autoscaler
        var numbers: Set<Int> = []
    }

    private let state: Mutex<State>

    init(_ autoscaler: Autoscaler) { state = Mutex(State(autoscaler: autoscaler)) }

    /// The numbers of the processes to start now: the lowest free ones.
    func starts(_ depth: QueueDepth?) -> [Int] {
        state.withLock { state in
            let count = state.autoscaler.starts(depth, running: state.numbers.count, now: .now)
            let free = (1...).lazy.filter { [numbers = state.numbers] in !numbers.contains($0) }
            let chosen = Array(free.prefix(count))
            state.numbers.formUnion(chosen)
            return chosen
        }
    }

    /// Records that a process ended; returns the pause before the next start, if there is one.
    func ended(_ number: Int, orderly: Bool, life: Duration) -> Duration? {
        state.withLock { state in
            state.numbers.remove(number)
            return state.autoscaler.ended(orderly: orderly, life: life, now: .now)
        }
    }
}
