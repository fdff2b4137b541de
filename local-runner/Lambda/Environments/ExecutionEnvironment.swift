import FunctionRuntime
import Glibc
import Lambda
import Model
import Processes

/// An execution environment: a process group that runs a function's runtime, its Runtime API, and its folder for
/// temporary files.
///
/// What is to be done is decided by `RuntimeMachine`; this does it.
actor ExecutionEnvironment: RuntimeCalls {
    /// What environments share.
    struct Host: Sendable {
        var fleet: Fleet
        /// Variables of all functions.
        var variables: [String: String]
        /// Further variables of single functions, by name.
        var hiddenVariables: [String: [String: String]]
        /// The folder in which each environment has a folder.
        var temporary: String
        /// MB that functions may use, all together.
        var memory: Int
        /// Gets what goes wrong in the service.
        var report: @Sendable (String) -> Void
        /// Gets each line of the log.
        var log: @Sendable (_ label: String, _ line: String, _ id: String?) -> Void
    }

    /// What came of an invocation.
    struct Outcome: Sendable {
        var result: InvocationResult
        /// The end of the log.
        var tail: [UInt8]
        /// Whether the environment can take another one.
        var isAvailable: Bool
    }

    let process: FunctionProcess
    /// Such as `thumbnails-3`.
    let label: String

    private let host: Host
    private let log: InvocationLog
    private var machine: RuntimeMachine
    private var server: RuntimeServer?
    private var child: ChildProcess?
    private var isToBeKilled = false
    /// Counts processes, so that the end of an earlier one is not taken for that of the present one.
    private var starts = 0
    private var timer: (deadline: Timestamp, task: Task<Void, Never>)?
    private var watch: Task<Void, Never>?
    private var waiting: CheckedContinuation<Outcome?, Never>?
    private var replies: [Int: @Sendable (RuntimeAnswer) -> Void] = [:]
    /// Resolves when there is no process and will be none.
    let ended = OneShot<Void>()

    init(_ process: FunctionProcess, number: Int, host: Host) {
        self.process = process
        self.host = host
        let label = "\(process.name)-\(number)"
        self.label = label
        log = InvocationLog { [sink = host.log] line, id in sink(label, line, id) }
        var configuration = RuntimeMachine.Configuration()
        configuration.version = process.version
        configuration.memory = process.memory
        configuration.freezes = process.freezes
        machine = RuntimeMachine(configuration)
    }

    /// Runs an invocation; nil: the environment has ended, or has something to do.
    func run(_ invocation: Invocation) async -> Outcome? {
        guard machine.isAvailable, waiting == nil else { return nil }
        return await withCheckedContinuation { continuation in
            waiting = continuation
            log.begin(invocation.id)
            handle(.invoke(invocation))
            if child != nil { watchMemory() }
        }
    }

    /// Ends it when it has nothing to do.
    func retire() { handle(.retire) }

    /// Ends it now, and fails what it is doing.
    func kill() { handle(.abandon) }

    // MARK: The Runtime API

    func take(_ call: RuntimeCall, number: Int, reply: @escaping @Sendable (RuntimeAnswer) -> Void) {
        replies[number] = reply
        switch call {
        case .next: handle(.next(call: number))
        case .response(let id, let payload):
            measure()
            handle(.response(call: number, id: id, payload))
        case .longResponse(let id): handle(.responseIsTooLong(call: number, id: id))
        case .failedResponse(let id, let type, let message):
            handle(.responseFailed(call: number, id: id, type: type, message: message))
        case .error(let id, let payload):
            measure()
            handle(.error(call: number, id: id, payload))
        case .startError(let payload): handle(.startError(call: number, payload))
        }
    }

    func hungUp(_ number: Int) {
        replies[number] = nil
        handle(.hungUp(call: number))
    }

    // MARK: Actions

    private func handle(_ event: RuntimeMachine.Event) {
        let actions = machine.handle(event, now: WallClock.now())
        // First of all: what follows may wait for a process that writes without pause.
        if actions.contains(.kill) { killProcess() }
        // What the function has written before it answered comes before the lines that end its log.
        if actions.contains(where: { if case .finish = $0 { true } else { false } }) { child?.deliverOutput() }
        for action in actions { carryOut(action) }
        setTimer()
    }

    private func carryOut(_ action: RuntimeMachine.Action) {
        switch action {
        case .start: start()
        case .kill: killProcess()
        case .answer(let call, let answer): replies.removeValue(forKey: call)?(answer)
        case .log(let line): log.append(line)
        case .finish(let result):
            let outcome = Outcome(result: result, tail: log.tail, isAvailable: machine.isAvailable)
            waiting?.resume(returning: outcome)
            waiting = nil
        case .freeze: child?.sendToGroup(SIGSTOP)
        case .thaw: child?.sendToGroup(SIGCONT)
        case .end:
            server?.stop()
            watch?.cancel()
            LocalFile.remove(temporary)
            ended.resolve(())
        }
    }

    private func killProcess() {
        isToBeKilled = true
        child?.killGroup()
    }

    private var temporary: String { "\(host.temporary)/\(label)" }

    private func start() {
        starts += 1
        isToBeKilled = false
        let start = starts
        Task {
            do {
                let child = try await spawn(start)
                self.child = child
                // Its end was decided while it was being made.
                if isToBeKilled { child.killGroup() }
                watchMemory()
                Task {
                    let exit = await child.exit.wait()
                    ended(start, exit)
                }
            } catch let error as NoProgram {
                handle(.cannotStart("fork/exec \(error.name): no such file or directory", isFunctionsFault: true))
            } catch {
                // The machine has no more descriptors, threads or space: the function has not seen the invocation.
                host.report("\(label) cannot be started: \(error)")
                handle(.cannotStart("\(error)", isFunctionsFault: false))
            }
        }
    }

    private struct NoProgram: Error { var name: String }

    private func spawn(_ start: Int) async throws -> ChildProcess {
        if server == nil { server = try await RuntimeServer.start(self) }
        guard let port = server?.port else { throw RunnerError(.failed, "there is no Runtime API") }
        guard let word = process.command.first,
            let program = LocalFile.program(word, from: process.folder, search: host.variables["PATH"] ?? "")
        else {
            throw NoProgram(name: process.command.first ?? "nothing")
        }
        LocalFile.remove(temporary)
        try LocalFile.makeDirectory(temporary)
        var request = SpawnRequest(
            label: label, executable: program, arguments: Array(process.command.dropFirst()),
            environment: process.variables(
                host: host.variables.merging(host.hiddenVariables[process.name] ?? [:]) { $1 }, port: port,
                stream: "\(label)/\(start)", temporary: temporary))
        request.directory = process.folder
        let log = log
        return try await host.fleet.start(request) { line in if let line { log.append(line) } }
    }

    private func ended(_ start: Int, _ exit: ProcessExit?) {
        guard start == starts, let exit else { return }
        child = nil
        switch exit {
        case .exited(let status): handle(.exited(.exited(status)))
        case .killed(let signal): handle(.exited(.killed(signal: signal)))
        }
    }

    private func setTimer() {
        guard let deadline = machine.deadline else {
            timer?.task.cancel()
            timer = nil
            return
        }
        // An earlier timer asks again when it fires, so that warm invocations do not make one each.
        if let timer, timer.deadline <= deadline { return }
        timer?.task.cancel()
        timer = (
            deadline,
            Task {
                // Cancelled: another timer is set, or none is needed.
                do { try await Task.sleep(for: max(.zero, deadline - WallClock.now())) } catch { return }
                // Replaced while it waited for its turn.
                if !Task.isCancelled { timePassed() }
            }
        )
    }

    private func timePassed() {
        timer = nil
        handle(.timePassed)
    }

    // MARK: Memory

    private func measure() {
        if let child { handle(.memoryUsed(GroupMemory.resident(of: child.pid))) }
    }

    /// Looks at the memory while there is an invocation.
    private func watchMemory() {
        guard watch == nil else { return }
        watch = Task {
            while waiting != nil {
                // Cancelled at the end.
                do { try await Task.sleep(for: GroupMemory.period) } catch { return }
                measure()
            }
            watch = nil
        }
    }
}
