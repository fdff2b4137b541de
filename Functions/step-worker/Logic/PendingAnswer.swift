package import Flows
package import Model

/// The answer of a call that is not applied yet.
package struct PendingAnswer: Sendable {
    /// What was answered.
    package enum Content: Sendable {
        case answer(StepAnswer)
        /// Of a cancel call.
        case cancel(isConfirmed: Bool)
    }

    package var execution: ExecutionID
    package var tenant: TenantID
    package var call: StepCall
    package var content: Content
    /// When it came.
    var since: ContinuousClock.Instant

    /// An answer that came at this time.
    package init(
        execution: ExecutionID, tenant: TenantID, call: StepCall, content: Content, since: ContinuousClock.Instant
    ) {
        self.execution = execution
        self.tenant = tenant
        self.call = call
        self.content = content
        self.since = since
    }

    var event: FlowEvent {
        switch content {
        case .answer(let answer): .answered(call, answer)
        case .cancel(let isConfirmed): .cancelAnswered(call, isConfirmed: isConfirmed)
        }
    }

    /// As the payload of an arrival; nil: it is not worth keeping, because a deadline stands for it.
    package var payload: [UInt8]? {
        if case .answer(let answer) = content { CallbackReport(answer).encoded(call) } else { nil }
    }
}
