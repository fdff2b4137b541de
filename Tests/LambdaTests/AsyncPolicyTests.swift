import Lambda
import Model
import Testing

@Suite struct AsyncPolicyTests {
    @Test("row 39: a function that fails is tried again after 1 and 2 minutes, as often as is configured")
    func functionErrors() {
        for (maximum, errors, expected) in [
            (nil, 0, .retry(after: .seconds(60))), (nil, 1, .retry(after: .seconds(120))),
            (nil, 2, .giveUp(.retriesExhausted)), (1, 0, .retry(after: .seconds(60))),
            (1, 1, .giveUp(.retriesExhausted)), (0, 0, .giveUp(.retriesExhausted)),
        ] as [(Int?, Int, AsyncPolicy.Decision)] {
            let policy = AsyncPolicy(maximumRetries: maximum)
            for throttles in [0, 50] {
                let found = policy.decision(
                    after: .functionError, age: .seconds(1), functionErrors: errors, throttles: throttles)
                #expect(found == expected, "\(maximum ?? 2) retries, \(errors) errors, \(throttles) throttles")
            }
        }
    }

    @Test("row 39: throttles and errors of the service pause from 1 s doubling to 5 min, and are no retries")
    func throttles() {
        let policy = AsyncPolicy(maximumRetries: 0)
        for (throttles, seconds) in [(0, 1), (1, 2), (2, 4), (7, 128), (8, 256), (9, 300), (10, 300), (1_000, 300)] {
            let found = policy.decision(
                after: .throttleOrSystemError, age: .seconds(60), functionErrors: 0, throttles: throttles)
            #expect(found == .retry(after: .seconds(seconds)), "after \(throttles)")
        }
    }

    @Test("row 39: nothing is tried beyond the maximum age")
    func age() {
        let standard = AsyncPolicy()
        let short = AsyncPolicy(maximumAge: .seconds(60))
        for (policy, outcome, seconds, expected) in [
            (standard, .throttleOrSystemError, 21_599, .retry(after: .seconds(1))),
            (standard, .throttleOrSystemError, 21_600, .giveUp(.eventAgeExceeded)),
            (standard, .functionError, 21_540, .retry(after: .seconds(60))),
            (standard, .functionError, 21_541, .giveUp(.eventAgeExceeded)),
            (short, .functionError, 0, .retry(after: .seconds(60))),
            (short, .functionError, 1, .giveUp(.eventAgeExceeded)),
            (short, .success, 90, .done),
        ] as [(AsyncPolicy, AsyncPolicy.Outcome, Int, AsyncPolicy.Decision)] {
            let found = policy.decision(after: outcome, age: .seconds(seconds), functionErrors: 0, throttles: 0)
            #expect(found == expected, "\(outcome) at \(seconds) s")
        }
        #expect(
            short.decision(after: .functionError, age: .seconds(90), functionErrors: 2, throttles: 0)
                == .giveUp(.retriesExhausted), "the retries are told first")
        #expect(short.mayTry(age: .seconds(60)) && !short.mayTry(age: .milliseconds(60_001)))
    }

    @Test("a function that reserves a concurrency of 0 gets no event, and none is tried again")
    func zeroConcurrency() {
        let found = AsyncPolicy().decision(after: .zeroConcurrency, age: .zero, functionErrors: 0, throttles: 0)
        #expect(found == .giveUp(.zeroReservedConcurrency))
    }

    @Test("row 39: what a destination and a dead-letter queue are told")
    func records() throws {
        var record = DestinationRecord(
            time: Timestamp(milliseconds: 1_790_000_000_123), requestID: "r",
            functionARN: "arn:aws:lambda:us-east-1:000000000000:function:a:$LATEST", condition: .retriesExhausted,
            invokeCount: 3, request: Array(#"{"n": 1.0}"#.utf8),
            response: .init(
                executedVersion: "$LATEST", functionError: "Unhandled",
                payload: Array(#"{"errorMessage":"no","errorType":"E"}"#.utf8)))
        #expect(
            record.json.description
                == #"{"version":"1.0","timestamp":"2026-09-21T14:13:20.123Z","requestContext":{"requestId":"r","functionArn":"arn:aws:lambda:us-east-1:000000000000:function:a:$LATEST","condition":"RetriesExhausted","approximateInvokeCount":3},"requestPayload":{"n":1.0},"responseContext":{"statusCode":200,"executedVersion":"$LATEST","functionError":"Unhandled"},"responsePayload":{"errorMessage":"no","errorType":"E"}}"#
        )
        #expect(record.deadLetterAttributes.map(\.name) == ["RequestID", "ErrorCode", "ErrorMessage"])
        #expect(record.deadLetterAttributes.map(\.type) == ["String", "Number", "String"])
        #expect(record.deadLetterAttributes.map(\.value) == ["r", "200", "no"])

        record.response = .init(executedVersion: "2", functionError: nil, payload: [])
        record.condition = .success
        #expect(record.json["responseContext"] == ["statusCode": 200, "executedVersion": "2"])
        #expect(record.json["responsePayload"] == JSON.null)
        record.response?.payload = Array("not json".utf8)
        #expect(record.json["responsePayload"] == "not json")
        record.response?.payload = Array(#"{"errorMessage":"\#(String(repeating: "ä", count: 600))"}"#.utf8)
        #expect(record.deadLetterAttributes[2].value == String(repeating: "ä", count: 512), "1 KB, whole characters")

        record.condition = .eventAgeExceeded
        record.response = nil
        #expect(record.json["responseContext"] == nil as JSON?)
        #expect(record.json["responsePayload"] == nil as JSON?)
        #expect(record.deadLetterAttributes.map(\.value) == ["r", "429", "EventAgeExceeded"])
    }
}
