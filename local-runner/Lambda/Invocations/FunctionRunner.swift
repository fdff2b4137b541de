import FunctionRuntime
import Lambda
import Model
import Processes

/// Runs invocations in execution environments: keeps those that are warm, starts more, and throttles.
actor FunctionRunner {
    private let host: ExecutionEnvironment.Host
    private var ledger = ConcurrencyLedger()
    /// Without work, the last used at the end, by what they run.
    private var idle: [FunctionProcess: [Idle]] = [:]
    private struct Idle {
        var environment: ExecutionEnvironment
        var since: ContinuousClock.Instant
    }
    /// What was last run of each version.
    private var current: [Version: FunctionProcess] = [:]
    /// All that have not ended, by their labels.
    private var living: [String: ExecutionEnvironment] = [:]
    /// Those of them that have been asked to end, so that others have room.
    private var leaving: Set<String> = []
    private struct Version: Hashable {
        var name: String
        var version: String

        init(_ process: FunctionProcess) { (name, version) = (process.name, process.version) }
    }
    private var lastNumber: [String: Int] = [:]
    private var isStopping = false

    init(_ host: ExecutionEnvironment.Host) { self.host = host }

    /// How many environments there are.
    var count: Int { living.count }

    /// Runs an invocation to its end. Throws a throttle; a failure of the function is an outcome.
    ///
    /// - Parameters:
    ///   - reserved: what the function reserves; nil: nothing.
    ///   - reservedSum: what all functions reserve.
    func run(
        _ process: FunctionProcess, _ invocation: Invocation, reserved: Int?, reservedSum: Int
    ) async throws(LambdaError) -> ExecutionEnvironment.Outcome {
        if let refusal = ledger.admit(process.name, reserved: reserved, reservedSum: reservedSum) { throw refusal }
        defer { ledger.release(process.name) }
        replace(by: process)
        while true {
            let environment: ExecutionEnvironment
            if let warm = warm(process) { environment = warm } else { environment = try start(process) }
            // Nil: it has ended since it was last used.
            guard let outcome = await environment.run(invocation) else { continue }
            if outcome.result.isServiceFailure {
                throw LambdaError("ServiceException", "\(process.name) cannot be started now.", status: 500)
            }
            if outcome.isAvailable, living[environment.label] != nil {
                if current[Version(process)] == process {
                    idle[process, default: []].append(Idle(environment: environment, since: .now))
                } else {
                    await environment.retire()
                }
            }
            return outcome
        }
    }

    /// What runs older code or settings of a version is not used again.
    private func replace(by process: FunctionProcess) {
        guard let former = current.updateValue(process, forKey: Version(process)), former != process else { return }
        for idle in idle.removeValue(forKey: former) ?? [] { Task { await idle.environment.retire() } }
    }

    private func warm(_ process: FunctionProcess) -> ExecutionEnvironment? {
        guard let last = idle[process]?.popLast() else { return nil }
        if idle[process]?.isEmpty == true { idle[process] = nil }
        return last.environment
    }

    private func start(_ process: FunctionProcess) throws(LambdaError) -> ExecutionEnvironment {
        guard !isStopping else { throw .stopping }
        try makeRoom(for: process)
        if let refusal = ledger.startEnvironment(process.name, now: WallClock.now()) { throw refusal }
        let number = (lastNumber[process.name] ?? 0) + 1
        lastNumber[process.name] = number
        let environment = ExecutionEnvironment(process, number: number, host: host)
        living[environment.label] = environment
        Task {
            _ = await environment.ended.wait()
            forget(environment)
        }
        return environment
    }

    /// The machine has memory for only so many environments, each counted by what its function may use. Idle ones make room,
    /// first the one that was used longest ago; if there is none the invocation is throttled, as in an account with a lower
    /// limit.
    private func makeRoom(for process: FunctionProcess) throws(LambdaError) {
        var used = living.values.reduce(0) { $0 + (leaving.contains($1.label) ? 0 : $1.process.memory) }
        while used + process.memory > host.memory {
            guard let oldest = idle.values.compactMap(\.first).min(by: { $0.since < $1.since })?.environment else {
                host.report(
                    "\(process.name) is throttled: functions may use \(host.memory) MB on this machine, and "
                        + "\(living.count) environments have \(used) of them")
                throw .throttled("ConcurrentInvocationLimitExceeded")
            }
            dropFromIdle(oldest)
            leaving.insert(oldest.label)
            used -= oldest.process.memory
            Task { await oldest.retire() }
        }
    }

    private func dropFromIdle(_ environment: ExecutionEnvironment) {
        idle[environment.process]?.removeAll { $0.environment === environment }
        if idle[environment.process]?.isEmpty == true { idle[environment.process] = nil }
    }

    private func forget(_ environment: ExecutionEnvironment) {
        living[environment.label] = nil
        leaving.remove(environment.label)
        dropFromIdle(environment)
    }

    /// Ends the environments of a function, those with work after it.
    func retire(_ name: String) {
        for environment in living.values where environment.process.name == name {
            Task { await environment.retire() }
        }
        idle = idle.filter { $0.key.name != name }
        current = current.filter { $0.key.name != name }
    }

    /// Starts no more environments, lets invocations end for so long, and ends all.
    func stop(grace: Duration) async {
        isStopping = true
        let all = Array(living.values)
        for environment in all { await environment.retire() }
        await OneShot.wait(for: all.map(\.ended), atMost: grace)
        for environment in all { await environment.kill() }
        await OneShot.wait(for: all.map(\.ended), atMost: .seconds(5))
    }
}

extension LambdaError {
    /// The runner ends.
    static let stopping = LambdaError("ServiceException", "The service is stopping.", status: 500)
}
