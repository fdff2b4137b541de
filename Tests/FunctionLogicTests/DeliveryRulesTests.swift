import Calls
import Model
import Testing

/// What an answer means, case by case.
@Suite struct DeliveryRulesTests {
    private static let now = Timestamp(seconds: 1_790_000_000)
    private static let policy = RetryPolicy(initial: .seconds(1), factor: 2, cap: .seconds(60), maxAttempts: 3)

    private func verdict(
        _ answer: DeliveryRules.Answer, attempt: Int = 1, left: Duration = .seconds(3_600)
    ) -> DeliveryRules.Verdict {
        var random = SystemRandomNumberGenerator()
        return DeliveryRules.verdict(
            on: answer, attempt: attempt, policy: DeliveryRulesTests.policy, deadline: DeliveryRulesTests.now + left,
            now: DeliveryRulesTests.now, using: &random)
    }

    @Test(arguments: [200, 201, 202, 204, 299]) func `2xx is delivered`(status: Int) {
        #expect(verdict(.status(status, retryAfter: nil)) == .final(.delivered, reason: nil))
    }

    @Test(arguments: [300, 301, 302, 307, 308, 304, 400, 401, 403, 404, 409, 410, 418, 422, 451])
    func `3xx and 4xx are eaten`(status: Int) {
        #expect(verdict(.status(status, retryAfter: nil)) == .final(.rejected, reason: "status \(status)"))
    }

    @Test(arguments: [408, 425, 429, 500, 501, 502, 503, 504, 599]) func `these are repeated`(status: Int) {
        guard case .retry(let delay, let reason) = verdict(.status(status, retryAfter: nil)) else {
            Issue.record("\(status) is not repeated")
            return
        }
        #expect(delay >= .zero && delay <= .seconds(1) && reason == "status \(status)")
    }

    @Test func `no answer is repeated, and a call that cannot be made is not`() {
        guard case .retry = verdict(.failed("timeout")) else {
            Issue.record("a timeout is not repeated")
            return
        }
        #expect(verdict(.impossible("the address is private")) == .final(.rejected, reason: "the address is private"))
    }

    @Test func `used up attempts are dead, and the reason names the last error`() {
        #expect(verdict(.failed("timeout"), attempt: 3) == .dead(reason: "timeout, after 3 attempts"))
        guard case .retry = verdict(.failed("timeout"), attempt: 2) else {
            Issue.record("the second of three attempts is not the last")
            return
        }
    }

    @Test func `a wish of the target is honoured, and expires what it puts past the deadline`() {
        guard case .retry(let delay, _) = verdict(.status(503, retryAfter: .seconds(120))) else {
            Issue.record("it is not repeated")
            return
        }
        #expect(delay == .seconds(120))
        let late = verdict(.status(503, retryAfter: .seconds(120)), left: .seconds(60))
        #expect(
            late
                == .final(
                    .expired,
                    reason:
                        "the deadline passes before attempt 2, which the target has put off by Retry-After; last: status 503"
                ))
    }

    @Test(arguments: [200, 204, 301, 404, 410]) func `a final status stays final where its answer is cut`(status: Int) {
        let cut = DeliveryRules.Answer.status(status, retryAfter: nil, cut: "broken: it closed")
        let isTaken = status < 300
        let reason = (isTaken ? "" : "status \(status); ") + "the answer is incomplete: broken: it closed"
        for attempt in [1, 3] {
            #expect(verdict(cut, attempt: attempt) == .final(isTaken ? .delivered : .rejected, reason: reason))
        }
    }

    @Test func `a cut answer of a status that is repeated is repeated, and says both`() {
        let cut = DeliveryRules.Answer.status(503, retryAfter: .seconds(9), cut: "timeout: no more came")
        let reason = "status 503; the answer is incomplete: timeout: no more came"
        #expect(verdict(cut) == .retry(after: .seconds(9), reason: reason))
        #expect(verdict(cut, attempt: 3) == .dead(reason: "\(reason), after 3 attempts"))
    }

    @Test(arguments: ["99999999999999999999", "9223372036854775807", "9999999999", "31622401"])
    func `a wait beyond the deadline expires, however far that is, and says who asked for it`(header: String) {
        let wait = DeliveryRules.retryAfter(header, now: DeliveryRulesTests.now)
        let reason =
            "the deadline passes before attempt 2, which the target has put off by Retry-After; last: status 429"
        #expect(
            verdict(.status(429, retryAfter: wait), left: .seconds(365 * 86_400)) == .final(.expired, reason: reason))
    }

    @Test func `Retry-After is seconds or a date`() {
        let now = Timestamp("1994-11-06T08:49:00Z")!
        #expect(DeliveryRules.retryAfter("120", now: now) == .seconds(120))
        #expect(DeliveryRules.retryAfter("999999999", now: now) == .seconds(999_999_999))
        #expect(DeliveryRules.retryAfter("Sun, 06 Nov 1994 08:49:37 GMT", now: now) == .seconds(37))
        #expect(DeliveryRules.retryAfter("Sunday, 06-Nov-94 08:49:37 GMT", now: now) == .seconds(37), "RFC 850")
        #expect(DeliveryRules.retryAfter("Sun Nov  6 08:49:37 1994", now: now) == .seconds(37), "asctime")
        #expect(DeliveryRules.retryAfter("Sun Nov 06 08:49:37 1994", now: now) == .seconds(37), "asctime")
        #expect(DeliveryRules.retryAfter("Sun, 06 Nov 1994 08:48:37 GMT", now: now) == .zero, "it has passed")
        for bad in [
            "", "-1", "soon", "1.5", "+1", "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
            "Sunday, 06-Nov-1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37", "Sun Nov  6 08:49:37 94",
            "Sun Nov  6 8:49:37 1994", "Sun, 06 Nov 1994 08:49 GMT",
        ] {
            #expect(DeliveryRules.retryAfter(bad, now: now) == nil, "\(bad)")
        }
        #expect(DeliveryRules.retryAfter(nil, now: now) == nil)
    }

    /// RFC 9110, 5.6.7: what appears to be more than 50 years ahead has passed.
    @Test(arguments: [
        ("2026-11-27T00:00:00Z", "Friday, 27-Nov-26 00:00:30 GMT", 30),
        ("2026-11-27T00:00:00Z", "Friday, 27-Nov-76 00:00:00 GMT", 1_577_923_200),
        ("2026-11-27T00:00:00Z", "Friday, 29-Nov-76 00:00:00 GMT", 0),
        ("2026-11-27T00:00:00Z", "Friday, 01-Jan-77 00:00:00 GMT", 0),
        ("2026-11-27T00:00:00Z", "Friday, 26-Nov-26 00:00:00 GMT", 0),
        ("2099-12-31T23:59:30Z", "Friday, 01-Jan-00 00:00:00 GMT", 30),
        ("1999-12-31T23:59:30Z", "Saturday, 01-Jan-00 00:00:00 GMT", 30),
    ]) func `two digits of a year are those of the next 50 or the last`(now: String, date: String, seconds: Int) throws
    {
        #expect(DeliveryRules.retryAfter(date, now: try #require(Timestamp(now))) == .seconds(seconds))
    }
}
