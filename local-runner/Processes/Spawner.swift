private import CPlatform
import Dispatch
import Glibc
import Synchronization

/// Starts processes that cannot outlive the runner.
///
/// The kernel's death signal (`PR_SET_PDEATHSIG`) is sent when the *thread* that started a process ends, so all are
/// started by one thread that never ends. The signal can be missed: it is cleared by a change of user, and may come
/// before it is set up. Then a process sees the end of its lifeline: a pipe whose writing end only the runner holds,
/// and whose reading end has the descriptor number in `HEADGATE_LIFELINE`.
///
/// Each process leads its own process group, so that Ctrl-C in the terminal reaches only the runner. Its input is
/// `/dev/null`; its output arrives line by line, both streams in the order in which they were written.
package final class Spawner: Sendable {
    private typealias Job = @Sendable () -> Void

    private let jobs = Mutex<[Job]>([])
    private let waiting = DispatchSemaphore(value: 0)
    /// The reading end; the writing end stays open, without a name, until the runner ends.
    private let lifeline: Int32

    /// The descriptor at which processes find the lifeline.
    private static let lifelineNumber: Int32 = 3

    /// Starts the thread, which lives as long as the runner.
    package init() throws {
        lifeline = try Spawner.pipe().reading
        // The thread keeps the spawner alive: if the thread ended, every process would be killed.
        try DetachedThread.start {
            while true {
                self.waiting.wait()
                self.jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() }?()
            }
        }
    }

    /// Starts a process. `output` gets its lines, then nil at their end, on a thread of its own; `ended` is called on
    /// another one before `exit` resolves.
    package func start(
        _ request: SpawnRequest, output: @escaping @Sendable (String?) -> Void,
        ended: @escaping @Sendable (ChildProcess, ProcessExit) -> Void = { _, _ in }
    ) async throws -> ChildProcess {
        try await withCheckedThrowingContinuation { continuation in
            jobs.withLock {
                $0.append {
                    continuation.resume(with: Result { try self.spawn(request, output: output, ended: ended) })
                }
            }
            waiting.signal()
        }
    }

    private func spawn(
        _ request: SpawnRequest, output: @escaping @Sendable (String?) -> Void,
        ended: @escaping @Sendable (ChildProcess, ProcessExit) -> Void
    ) throws -> ChildProcess {
        let pipe = try Spawner.pipe()
        defer { close(pipe.writing) }
        let pid: pid_t
        do {
            pid = try launch(request, output: pipe.writing)
        } catch {
            close(pipe.reading)
            throw error
        }
        let lines = LinePipe(descriptor: pipe.reading, body: output)
        let child = ChildProcess(label: request.label, pid: pid, output: lines)
        do {
            try DetachedThread.start { lines.readToEnd() }
            try DetachedThread.start {
                let status = child.reap()
                ended(child, status)
                child.exit.resolve(status)
            }
        } catch {
            child.killGroup()
            _ = child.reap()
            throw error
        }
        return child
    }

    private func launch(_ request: SpawnRequest, output: Int32) throws -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, output, 1)
        unsafe posix_spawn_file_actions_adddup2(&actions, output, 2)
        unsafe posix_spawn_file_actions_adddup2(&actions, lifeline, Spawner.lifelineNumber)
        // Some C libraries open sockets that children would inherit, at any moment: closed in the child, where no other
        // thread opens more.
        unsafe headgate_spawn_close_from(&actions, Spawner.lifelineNumber + 1)

        if let directory = request.directory { unsafe headgate_spawn_change_folder(&actions, directory) }

        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        var all = sigset_t()
        unsafe sigemptyset(&none)
        unsafe sigfillset(&all)
        // Children must not inherit which signals the runner ignores or blocks.
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setsigdefault(&attributes, &all)
        unsafe posix_spawnattr_setpgroup(&attributes, 0)
        unsafe posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        var environment = request.environment
        environment["HEADGATE_LIFELINE"] = String(Spawner.lifelineNumber)
        let words = request.commandLine
        var pid: pid_t = 0
        let code = unsafe CStringArray.with(words) { words in
            unsafe CStringArray.with(environment.map { "\($0.key)=\($0.value)" }) { environment in
                unsafe posix_spawnp(&pid, words[0]!, &actions, &attributes, words, environment)
            }
        }
        guard code == 0 else { throw RunnerError.system("cannot start \(request.label) (\(words[0]))", code) }
        return pid
    }

    private static func pipe() throws -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [-1, -1]
        guard unsafe Glibc.pipe(&ends) == 0 else { throw RunnerError.system("cannot make a pipe") }
        // Cannot be inherited in between: the thread that creates pipes is also the one that starts processes.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }
}

/// Texts in the form that C wants for a new process: a null-terminated array of null-terminated strings.
@unsafe private enum CStringArray {
    static func with<Value>(
        _ texts: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Value
    ) -> Value {
        var pointers: [UnsafeMutablePointer<CChar>?] = unsafe texts.map { unsafe strdup($0) }
        unsafe pointers.append(nil)
        defer { unsafe pointers.forEach { unsafe free($0) } }
        return unsafe pointers.withUnsafeMutableBufferPointer { unsafe body($0.baseAddress!) }
    }
}
