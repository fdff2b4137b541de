import HTTP
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
        case status(Int, retryAfter: Duration?)
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
        case .status(let status, _) where (200..<300).contains(status): return .final(.delivered, reason: nil)
        case .status(let status, let retryAfter) where isRetryable(status):
            reason = "status \(status)"
            wish = retryAfter
        case .status(let status, _): return .final(.rejected, reason: "status \(status)")
        case .failed(let text): reason = text
        case .impossible(let text): return .final(.rejected, reason: text)
        }
        if attempt >= policy.maxAttempts { return .dead(reason: "\(reason), after \(attempt) attempts") }
        let delay = max(policy.delay(afterAttempt: attempt, using: &random), wish ?? .zero)
        if now + delay > deadline {
            return .final(.expired, reason: "the deadline passes before attempt \(attempt + 1); last: \(reason)")
        }
        return .retry(after: delay, reason: reason)
    }

    /// Request timeout, too early, too many requests, and the server's own faults.
    package static func isRetryable(_ status: Int) -> Bool {
        status == 408 || status == 425 || status == 429 || (500..<600).contains(status)
    }

    /// `Retry-After` as seconds (RFC 9110, 10.2.3), at most a day. Its other form, a date, is not used for waits this short.
    package static func retryAfter(_ header: String?) -> Duration? {
        guard let seconds = header.flatMap({ Int($0) }), seconds >= 0 else { return nil }
        return .seconds(min(seconds, 86_400))
    }
}
