import Model

/// One call to compute.
struct Work: Sendable {
    /// The idempotency key: `execution/step/attempt`.
    var key: String
    /// `execution/step`: the same for all attempts.
    var stepID: String
    var step: ComputeStep
    var inputs: StepInputs
    /// Where reports are posted.
    var callback: String
    var fault: Fault?
    /// Is woken when the work is cancelled.
    let stop = WaitingTasks(keepsSignal: true)

    /// The attempt that a key names: 3 of `execution/step/3`, and of `execution/step/3/cancel`; nil if the key is not
    /// made of the step in this way.
    static func attempt(ofKey key: String, stepID: String) -> Int? {
        guard key.hasPrefix("\(stepID)/") else { return nil }
        return key.dropFirst(stepID.count + 1).split(separator: "/", omittingEmptySubsequences: false).first
            .flatMap { Int($0) }
    }

    var attempt: Int? { Work.attempt(ofKey: key, stepID: stepID) }
}
