package import Flows
package import Model

/// The binding of a type of step within a case.
package struct MockBinding: Hashable, Sendable {
    /// What becomes of cancel calls.
    package enum Cancel: Hashable, Sendable {
        /// There are none.
        case none
        /// Each is confirmed at once, and ends the remote work.
        case confirmed
        /// They are made, and nobody answers.
        case silence
    }

    /// Default `callback`.
    package var completion: FlowBinding.Completion
    /// Default `none`.
    package var cancel: Cancel
    /// How long a call that completes by its response waits for it. Default 30 s, at most 60 s.
    package var callTimeout: Duration
    /// Of an attempt; nil: a day by callback, and `callTimeout` and half a minute by response.
    package var timeout: Duration?
    package var startTimeout: Duration?
    package var heartbeatTimeout: Duration?
    package var platform: RetryPolicy?
    package var timeouts: RetryPolicy?

    /// By callback, without a cancel call.
    package static let standard = MockBinding(completion: .callback, cancel: .none, callTimeout: .seconds(30))

    /// Of steps of the type `http`, which call by themselves.
    package static let http = MockBinding(completion: .response, cancel: .none, callTimeout: .seconds(30))

    /// As the reducer must know it.
    ///
    /// - Parameter id: differs between types of step.
    package func terms(id: Int) -> BindingTerms {
        var terms = BindingTerms(
            id: id, hasCancel: cancel != .none, startTimeout: startTimeout, heartbeatTimeout: heartbeatTimeout)
        // As `FlowBinding.terms` adds to the time of the call.
        if completion == .response { terms.timeout = callTimeout + .seconds(30) }
        if let timeout { terms.timeout = timeout }
        if let platform { terms.platform = platform }
        if let timeouts { terms.timeouts = timeouts }
        return terms
    }
}
