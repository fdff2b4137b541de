package import Flows
package import Model

/// How a remote system answers the attempts of one step.
package struct StepMock: Hashable, Sendable {
    /// By attempts, from the first; the last one stands for all that follow. Never empty.
    package var results: [MockResult]

    /// What becomes of an attempt.
    ///
    /// - Parameter attempt: from 1.
    package func result(ofAttempt attempt: Int) -> MockResult { results[min(attempt, results.count) - 1] }
}

/// What becomes of one attempt.
package struct MockResult: Hashable, Sendable {
    /// How the work ends.
    package enum End: Hashable, Sendable {
        /// Checked against the contract as real outputs are.
        case outputs(JSON)
        /// The call itself is answered so, and nothing was begun.
        case status(Int, retryAfter: Duration?)
        case failed(StepFailure)
        /// It does not: nobody reports.
        case silence
    }

    /// A sign of life on the way.
    package struct Report: Hashable, Sendable {
        /// Since the call.
        package var after: Duration
        /// Nil: only that it runs.
        package var metrics: JSON?
    }

    package var end: End
    /// Since the call. Default 0.
    package var after: Duration
    /// Only where the step completes by callback. Default none.
    package var reports: [Report]
}
