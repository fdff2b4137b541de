package import HTTP
package import Model

/// Decides what an answer means. Pure: the same answer, attempt and time give the same verdict, but for the jitter.
package enum DeliveryRules {
    package enum Verdict: Hashable, Sendable {
        case final(TriggerState, reason: String?)
        case retry(after: Duration, reason: String)
        /// Attempts are used up: a dead letter.
        case dead(reason: String)
    }

    /// What the call came to, for this purpose.
    package enum Answer: Hashable, Sendable {
        /// `cut`: why the answer is not complete. Its status says all the same what became of the call.
        case status(Int, retryAfter: Duration?, cut: String? = nil)
        /// No answer; the sentence says why. Worth another try.
        case failed(String)
        /// The call cannot be made, now or later.
        case impossible(String)
    }

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
            return .final(.expired, reason: "the deadline passes before attempt \(attempt + 1); last: \(reason)")
        }
        return .retry(after: delay, reason: reason)
    }

    private static func incomplete(_ cut: String) -> String { "the answer is incomplete: \(cut)" }

    /// Whether the host gave an answer, of whatever kind; nil where the call says nothing of the host: we cancelled it, or it
    /// could not be made.
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

    /// Whether a status ends a trigger, whatever follows it.
    package static func isFinal(_ status: Int) -> Bool { status >= 200 && !isRetryable(status) }

    /// Request timeout, too early, too many requests, and the server's own faults.
    package static func isRetryable(_ status: Int) -> Bool {
        status == 408 || status == 425 || status == 429 || (500..<600).contains(status)
    }

    /// `Retry-After` (RFC 9110, 10.2.3) as a wait of at most a day: seconds, or a date. Nil where it is neither.
    ///
    /// A number that no clock holds stands for "never": a wait beyond every deadline.
    package static func retryAfter(_ header: String?, now: Timestamp) -> Duration? {
        guard let header else { return nil }
        if !header.isEmpty, header.utf8.allSatisfy({ (48...57).contains($0) }) {
            return Int(header).map { .seconds(min($0, 86_400)) } ?? never
        }
        return HTTPDate.parse(header, now: now).map { min(max(.zero, $0 - now), .seconds(86_400)) }
    }

    private static let never: Duration = .seconds(400 * 366 * 86_400)
}

extension DeliveryRules.Answer {
    /// What a call came to: its status, where one was seen, or why there is none.
    ///
    /// - Parameter now: when it ended, which a date in `Retry-After` is compared with.
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
