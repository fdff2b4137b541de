/// How the invocation with a batch ended.
package enum BatchOutcome: Hashable, Sendable {
    /// The function's answer, which `BatchVerdict` judges.
    case answered([UInt8])
    /// The function failed: it threw, crashed or timed out.
    case failed
    /// It was not invoked, because too many invocations run (429).
    case throttled
    /// It was not invoked, because of an error of the system (500).
    case unavailable
}
