package import HTTP
package import Model

/// Decides what the answer to a call means for its trigger. Pure: the same answer, attempt and time give the same
/// verdict, except for the jitter of a retry.
package enum DeliveryRules {
    /// What becomes of the trigger.
    package enum Verdict: Hashable, Sendable {
        /// It ends in this state.
        case final(TriggerState, reason: String?)
        /// It is attempted again after a delay.
        case retry(after: Duration, reason: String)
        /// Its attempts are used up: a dead letter.
        case dead(reason: String)
    }

    /// The result of a call, reduced to what the verdict depends on.
    package enum Answer: Hashable, Sendable {
        /// A status other than 1xx arrived. It decides the verdict even if the rest of the answer is missing; `cut` says why
        /// it is, nil: the answer is complete.
        case status(Int, retryAfter: Duration?, cut: String? = nil)
        /// No answer, for this reason; worth another attempt.
        case failed(String)
        /// The call cannot be made, now or later.
        case impossible(String)
    }

    /// The verdict on an answer: 2xx is delivered; other statuses that are not retryable, and impossible calls, are
    /// rejected; the rest is retried, until attempts or deadline are used up.
    ///
    /// A retry waits for the policy's delay or `Retry-After`, whichever is longer.
    ///
    /// - Parameters:
    ///   - attempt: the number of the call that was made, from 1.
    ///   - now: when the answer came, by the clock of the deadline.
    package static func verdict(
        on answer: Answer, attempt: Int, policy: RetryPolicy, deadline: Timestamp, now: Timestamp,
        using random: inout some RandomNumberGenerator
    ) -> Verdict {
        let reason: String
        var wish: Duration?
        switch answer {
        case .status(let status, _, let cut) where (200..<300).contains(status):
            return .final(.delivered, reason: cut.map { incomplete($0) })
        case .status(let status, let retryAfter, let cut):
            let text = "status \(status)" + (cut.map { "; \(incomplete($0))" } ?? "")
            guard isRetryable(status) else { return .final(.rejected, reason: text) }
            reason = text
            wish = retryAfter
        case .failed(let text): reason = text
        case .impossible(let text): return .final(.rejected, reason: text)
        }
        if attempt >= policy.maxAttempts {
            return .dead(reason: "\(reason), after \(attempt) attempt\(attempt == 1 ? "" : "s")")
        }
        let delay = max(policy.delay(afterAttempt: attempt, using: &random), wish ?? .zero)
        if now + delay > deadline {
            let asked = wish == delay ? ", which the target has put off by Retry-After" : ""
            return .final(
                .expired, reason: "the deadline passes before attempt \(attempt + 1)\(asked); last: \(reason)")
        }
        return .retry(after: delay, reason: reason)
    }

    private static func incomplete(_ cut: String) -> String { "the answer is incomplete: \(cut)" }

    /// Whether the host gave an answer of any kind; nil if the call says nothing about the host, because it was
    /// cancelled or could not be made.
    package static func isAnswered(_ result: HTTPResult) -> Bool? {
        switch result {
        case .success: true
        case .failure(let error) where error.answer != nil: true
        case .failure(let error):
            switch error.code {
            case .cancelled, .invalid, .forbidden: nil
            case .dns, .connect, .tls, .timeout, .broken: false
            }
        }
    }

    /// Whether the status alone decides the trigger, even if the rest of the answer was lost.
    package static func isFinal(_ status: Int) -> Bool { status >= 200 && !isRetryable(status) }

    /// Request timeout, too early, too many requests, and server errors.
    package static func isRetryable(_ status: Int) -> Bool {
        status == 408 || status == 425 || status == 429 || (500..<600).contains(status)
    }

    /// `Retry-After` (RFC 9110, 10.2.3) as a wait, from seconds or a date; nil if it is neither.
    ///
    /// At most 400 years, which is beyond every deadline: a longer wait, or a number too large for an integer, means
    /// never.
    package static func retryAfter(_ header: String?, now: Timestamp) -> Duration? {
        guard let header else { return nil }
        if !header.isEmpty, header.utf8.allSatisfy({ (48...57).contains($0) }) {
            return Int(header).map { min(.seconds($0), never) } ?? never
        }
        return HTTPDate.parse(header, now: now).map { min(max(.zero, $0 - now), never) }
    }

    private static let never: Duration = .seconds(400 * 366 * 86_400)
}

extension DeliveryRules.Answer {
    /// What a call came to: its status if there was one, otherwise why there is none.
    ///
    /// - Parameter now: when it ended; a date in `Retry-After` is compared with it.
    package init(_ result: HTTPResult, now: Timestamp) {
        if let response = result.answer {
            var cut: String?
            if case .failure(let error) = result { cut = error.description }
            let retryAfter =
                response.status < 300 ? nil : DeliveryRules.retryAfter(response.header("Retry-After"), now: now)
            self = .status(response.status, retryAfter: retryAfter, cut: cut)
            return
        }
        switch result {
        case .failure(let error) where error.code == .invalid || error.code == .forbidden:
            self = .impossible(error.description)
        case .failure(let error): self = .failed(error.description)
        case .success: preconditionFailure("an answer without a status")
        }
    }
}
