import HTTP
import Model
import Queue
import TestRandom
import Testing

@testable import TriggerWorkerFunction

/// What the end of a call makes of its lease and its trigger.
@Suite struct ConclusionTests {
    private static let start = Timestamp("2026-06-01T12:00:00Z")!

    private func delivery(attempt: Int = 1, maxAttempts: Int = 3) -> Delivery {
        let key = TriggerKey(
            schedule: ScheduleID(high: 1, low: 2), kind: .scheduled, revision: 1, occurrence: Self.start)
        let record = ActionRecord(
            action: .http(HTTPAction(url: "http://a/b", headers: [], signing: nil)),
            retry: RetryPolicy(maxAttempts: maxAttempts))
        let message = TriggerMessage(
            id: key.id(), key: key.idempotencyKey, kind: .scheduled, redrive: 0, occurrence: Self.start,
            plannedAt: Self.start, deadline: Self.start + .seconds(3_600), tenant: "acme", schedule: "s",
            action: record.encoded)
        return Delivery(
            message: message, record: record, receipt: Receipt(shard: 0, handle: "a|1"), attempt: attempt, receives: 1,
            startedAt: Self.start)
    }

    private static func answer(_ status: Int) -> HTTPResponse {
        HTTPResponse(status: status, headerLines: [], body: [], totalBytes: 0, duration: .milliseconds(5))
    }
    private static func broken(_ code: HTTPError.Code, _ status: Int? = nil) -> HTTPResult {
        .failure(HTTPError(code, "why", answer: status.map(answer)))
    }

    private static let table: [(result: HTTPResult, attempt: Int, state: TriggerState?, verdict: String)] = [
        (.success(answer(204)), 1, .delivered, "acknowledge"), (.success(answer(404)), 1, .rejected, "acknowledge"),
        (.success(answer(503)), 1, .queued, "retry"), (.success(answer(503)), 3, .dead, "bury"),
        (broken(.timeout), 1, .queued, "retry"), (broken(.dns), 3, .dead, "bury"),
        (broken(.forbidden), 1, .rejected, "acknowledge"), (broken(.broken, 200), 1, .delivered, "acknowledge"),
        // What the worker has cancelled itself charges nothing, unless the answer had come already.
        (broken(.cancelled), 1, nil, "release"), (broken(.cancelled, 200), 1, .delivered, "acknowledge"),
        (broken(.cancelled, 503), 1, nil, "release"),
    ]

    @Test(arguments: table.indices) func `each end of a call has its state and its verdict`(row: Int) {
        let (result, attempt, state, verdict) = Self.table[row]
        var random = SeededGenerator(seed: 1)
        let conclusion = delivery(attempt: attempt).conclusion(
            of: result, endedAt: Self.start + .seconds(1), using: &random)
        #expect(conclusion.state == state)
        #expect("\(conclusion.settlement.verdict)".hasPrefix(verdict))
        #expect(
            conclusion.settlement.outcome.isEmpty == (state == nil), "an attempt that is not charged leaves no record")
    }
}
