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

    /// Whether the host gave an answer, of whatever kind; nil where the call says nothing of the host: we cancelled it, or it
    /// could not be made.
    static func isAnswered(_ result: HTTPResult) -> Bool? {
        switch result {
        case .success: true
        case .failure(let error):
            switch error.code {
            case .cancelled, .invalid, .forbidden: nil
            case .dns, .connect, .tls, .timeout, .broken: false
            }
        }
    }

    /// Request timeout, too early, too many requests, and the server's own faults.
    package static func isRetryable(_ status: Int) -> Bool {
        status == 408 || status == 425 || status == 429 || (500..<600).contains(status)
    }

    /// `Retry-After` (RFC 9110, 10.2.3) as a wait of at most a day: seconds, or a date. Nil where it is neither.
    package static func retryAfter(_ header: String?, now: Timestamp) -> Duration? {
        guard let header else { return nil }
        if let seconds = Int(header) { return seconds >= 0 ? .seconds(min(seconds, 86_400)) : nil }
        return date(header).map { min(max(.zero, $0 - now), .seconds(86_400)) }
    }

    /// An IMF-fixdate such as `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7); the older forms are not read.
    private static func date(_ text: String) -> Timestamp? {
        let parts = text.split(separator: " ")
        guard parts.count == 6, parts[5] == "GMT", let day = Int(parts[1]),
            let month = months.firstIndex(of: String(parts[2])), let year = Int(parts[3]),
            let date = CivilDate(year: year, month: month + 1, day: day)
        else { return nil }
        let clock = parts[4].split(separator: ":").compactMap { Int($0) }
        guard clock.count == 3, (0...23).contains(clock[0]), (0...59).contains(clock[1]), (0...60).contains(clock[2])
        else { return nil }
        return Timestamp(
            seconds: Int64(date.daysSinceEpoch) * 86_400 + Int64(clock[0] * 3_600 + clock[1] * 60 + clock[2]))
    }
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}
