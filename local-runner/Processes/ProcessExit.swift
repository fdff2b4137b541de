import Glibc

/// How a process ended.
package enum ProcessExit: Equatable, Sendable, CustomStringConvertible {
    /// By itself, with this exit code.
    case exited(Int32)
    /// By a signal.
    case killed(signal: Int32)

    /// Reads the status word of `waitpid`.
    init(waitStatus: Int32) {
        let signal = waitStatus & 0x7F
        self = signal == 0 ? .exited(waitStatus >> 8 & 0xFF) : .killed(signal: signal)
    }

    /// Whether it exited with 0, or by the SIGTERM that it was sent.
    package var isOrderly: Bool { self == .exited(0) || self == .killed(signal: SIGTERM) }

    /// `exit 1` or `signal 9`.
    package var description: String {
        switch self {
        case .exited(let code): "exit \(code)"
        case .killed(let signal): "signal \(signal)"
        }
    }
}
