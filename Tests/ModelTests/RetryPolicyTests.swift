import Model
import Testing

@Suite struct RetryPolicyTests {
    private func read(_ text: String) throws -> (policy: RetryPolicy?, pointers: [String]) {
        var errors: [FieldError] = []
        let policy = RetryPolicy(try JSON(parsing: text), errors: &errors)
        return (policy, errors.map(\.pointer))
    }

    @Test func `the ceiling doubles up to the cap, and never overflows`() {
        let policy = RetryPolicy()
        #expect(
            [1, 2, 3, 9, 10].map { policy.ceiling(afterAttempt: $0) } == [
                .seconds(1), .seconds(2), .seconds(4), .seconds(256), .seconds(300),
            ])
        let steep = RetryPolicy(initial: .seconds(86_400), factor: 100, cap: .seconds(86_400), maxAttempts: 100)
        #expect(steep.ceiling(afterAttempt: .max) == .seconds(86_400))
        let flat = RetryPolicy(initial: .seconds(3), factor: 1, cap: .seconds(9))
        #expect(flat.ceiling(afterAttempt: .max) == .seconds(3))
    }

    @Test func `the delay is anywhere between nothing and the ceiling`() {
        var random = SystemRandomNumberGenerator()
        let policy = RetryPolicy()
        let delays = (0..<2_000).map { _ in policy.delay(afterAttempt: 3, using: &random) }
        #expect(delays.allSatisfy { .zero <= $0 && $0 <= .seconds(4) })
        #expect(delays.contains { $0 < .seconds(1) } && delays.contains { $0 > .seconds(3) })
    }

    @Test func `reads, writes and encodes the same policy`() throws {
        #expect(try read("{}").policy == RetryPolicy())
        let policy = try #require(try read(#"{"initial": "2s", "factor": 1.5, "cap": "1m", "maxAttempts": 3}"#).policy)
        #expect(try read(policy.json.description).policy == policy)
        #expect(RetryPolicy().json["factor"]?.description == "2")
        var writer = ByteWriter()
        policy.encode(into: &writer)
        var reader = ByteReader(writer.bytes)
        #expect(try RetryPolicy(from: &reader) == policy && reader.isAtEnd)
    }

    @Test(arguments: [
        (#"{"initial": "999us"}"#, "/retry/initial"), (#"{"initial": "2d"}"#, "/retry/initial"),
        (#"{"factor": 0.5}"#, "/retry/factor"), (#"{"factor": 101}"#, "/retry/factor"),
        (#"{"factor": "2"}"#, "/retry/factor"), (#"{"initial": "10s", "cap": "5s"}"#, "/retry/cap"),
        (#"{"cap": "25h"}"#, "/retry/cap"), (#"{"maxAttempts": 0}"#, "/retry/maxAttempts"),
        (#"{"maxAttempts": 101}"#, "/retry/maxAttempts"), (#"{"maxAttempts": 1.5}"#, "/retry/maxAttempts"),
        (#"{"tries": 3}"#, "/retry/tries"),
    ]) func `refuses values out of range with their place`(text: String, pointer: String) throws {
        let (policy, pointers) = try read(text)
        #expect(policy == nil && pointers == [pointer])
    }

    @Test func `a longer first wait moves the default cap`() throws {
        #expect(try read(#"{"initial": "1h"}"#).policy?.cap == .seconds(3_600))
    }
}
