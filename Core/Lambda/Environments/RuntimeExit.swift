/// How a runtime's process ended.
package enum RuntimeExit: Hashable, Sendable {
    /// By itself, with this status.
    case exited(Int32)
    /// By a signal.
    case killed(signal: Int32)

    /// In Lambda's words.
    var text: String {
        switch self {
        case .exited(0): "Runtime exited without providing a reason"
        case .exited(let status): "Runtime exited with error: exit status \(status)"
        case .killed(let signal):
            "Runtime exited with error: signal: \(RuntimeExit.names[signal] ?? "signal \(signal)")"
        }
    }

    /// As Go's standard library names them, in which Lambda is written.
    private static let names: [Int32: String] = [
        1: "hangup", 2: "interrupt", 3: "quit", 4: "illegal instruction", 6: "aborted", 7: "bus error",
        8: "floating point exception", 9: "killed", 11: "segmentation fault", 13: "broken pipe", 15: "terminated",
    ]
}
