import Model
import Testing
import TriggerWorkerFunction

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
        #expect(late == .final(.expired, reason: "the deadline passes before attempt 2; last: status 503"))
    }

    @Test func `Retry-After is seconds or a date`() {
        let now = Timestamp("1994-11-06T08:49:00Z")!
        #expect(DeliveryRules.retryAfter("120", now: now) == .seconds(120))
        #expect(DeliveryRules.retryAfter("999999999", now: now) == .seconds(86_400))
        #expect(DeliveryRules.retryAfter("Sun, 06 Nov 1994 08:49:37 GMT", now: now) == .seconds(37))
        #expect(DeliveryRules.retryAfter("Sun, 06 Nov 1994 08:48:37 GMT", now: now) == .zero, "it has passed")
        for bad in ["", "-1", "soon", "1.5", "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT"] {
            #expect(DeliveryRules.retryAfter(bad, now: now) == nil, "\(bad)")
        }
        #expect(DeliveryRules.retryAfter(nil, now: now) == nil)
    }
}
