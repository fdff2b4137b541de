import Flows
import Model

/// The answer of a call that is not applied yet.
struct PendingAnswer: Sendable {
    /// What was answered.
    enum Content: Sendable {
        case answer(StepAnswer)
        /// Of a cancel call.
        case cancel(isConfirmed: Bool)
    }

    var execution: ExecutionID
    var tenant: TenantID
    var call: StepCall
    var content: Content
    /// When it came.
    var since: ContinuousClock.Instant

    var event: FlowEvent {
        switch content {
        case .answer(let answer): .answered(call, answer)
        case .cancel(let isConfirmed): .cancelAnswered(call, isConfirmed: isConfirmed)
        }
    }

    /// As the payload of an arrival; nil: it is not worth keeping, because a deadline stands for it.
    var payload: [UInt8]? {
        if case .answer(let answer) = content { CallbackReport(answer).encoded(call) } else { nil }
    }
}
