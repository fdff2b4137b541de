package import Glibc
import Synchronization

/// A process that the runner started.
package final class ChildProcess: Sendable {
    /// The name that prefixes its lines: `trigger-worker-2`.
    package let label: String
    /// Valid until `exit` resolves.
    package let pid: pid_t
    package let startedAt = ContinuousClock.now
    /// How it ended, once it has.
    package let exit = OneShot<ProcessExit>()

    private let output: LinePipe
    /// Whether its pid may belong to another process by now.
    private let isReaped = Mutex(false)

    init(label: String, pid: pid_t, output: LinePipe) {
        self.label = label
        self.pid = pid
        self.output = output
    }

    /// Delivers the lines that it has written so far. For who knows by another way that it has written them.
    package func deliverOutput() { output.readAvailable() }

    /// Sends it a signal; does nothing once it has ended.
    package func send(_ signal: Int32) {
        isReaped.withLock { isReaped in
            // Fails only if the process has just ended.
            if !isReaped { kill(pid, signal) }
        }
    }

    /// Sends a signal to its process group; does nothing once it has ended.
    package func sendToGroup(_ signal: Int32) {
        isReaped.withLock { isReaped in
            if !isReaped { kill(-pid, signal) }
        }
    }

    /// Kills it and everything it started in its process group.
    package func killGroup() { sendToGroup(SIGKILL) }

    /// Blocks until it has ended, and takes its status. Called once, on its reaper thread.
    func reap() -> ProcessExit {
        var information = unsafe siginfo_t()
        // WNOWAIT leaves a zombie, so that the pid stays taken until the lock is held.
        while unsafe waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) != 0 && errno == EINTR {}
        return isReaped.withLock { isReaped in
            // Whatever it started and did not end itself would be left without a parent.
            kill(-pid, SIGKILL)
            var status: Int32 = 0
            while unsafe waitpid(pid, &status, 0) < 0 && errno == EINTR {}
            isReaped = true
            return ProcessExit(waitStatus: status)
        }
    }
}
