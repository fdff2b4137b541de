/// How a trigger's failed calls are retried: exponential backoff with full jitter.
package struct RetryPolicy: Hashable, Sendable {
    /// The longest wait after the first attempt. Default 1 s.
    package var initial: Duration
    /// How much longer each further wait may be, at least 1. Default 2.
    package var factor: Double
    /// The longest any wait may be. Default 5 min.
    package var cap: Duration
    /// Calls in all, the first included. Default 20.
    package var maxAttempts: Int

    /// A policy with the defaults above; traps on values that make no sense.
    package init(
        initial: Duration = .seconds(1), factor: Double = 2, cap: Duration = .seconds(300), maxAttempts: Int = 20
    ) {
        precondition(initial > .zero && factor >= 1 && cap >= initial && maxAttempts >= 1, "not a retry policy")
        self.initial = initial
        self.factor = factor
        self.cap = cap
        self.maxAttempts = maxAttempts
    }

    /// The wait after attempt `attempt` (from 1): uniform between zero and min(cap, initial · factor^(attempt − 1)).
    ///
    /// "Full jitter" of Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    package func delay(afterAttempt attempt: Int, using random: inout some RandomNumberGenerator) -> Duration {
        .microseconds(Int64.random(in: 0...ceiling(afterAttempt: attempt).microseconds, using: &random))
    }

    /// The longest wait after attempt `attempt` (from 1).
    package func ceiling(afterAttempt attempt: Int) -> Duration {
        let limit = Double(cap.microseconds)
        var wait = Double(initial.microseconds)
        var rest = attempt - 1
        while rest > 0, wait < limit, factor > 1 {
            wait *= factor
            rest -= 1
        }
        return wait < limit ? .microseconds(Int64(wait)) : cap
    }
}

extension RetryPolicy {
    /// Reads `{"initial", "factor", "cap", "maxAttempts"}`, all optional; appends every mistake with its pointer, and
    /// is nil if there is one.
    package init?(_ value: JSON, at pointer: String = "/retry", errors: inout [FieldError]) {
        var fields = JSONFields(value, at: pointer)
        let policy = RetryPolicy(&fields)
        fields.finish()
        errors += fields.errors
        guard fields.errors.isEmpty, let policy else { return nil }
        self = policy
    }

    private static let longestWait = Duration.seconds(86_400)
    private static let waits: ClosedRange<Duration> = .milliseconds(1)...longestWait

    /// Reads the fields; nil if there is a mistake.
    package init?(_ fields: inout JSONFields) {
        let standard = RetryPolicy()
        let initial = fields.optional("initial", .duration(RetryPolicy.waits).defaulting("1s")) ?? standard.initial
        let factor = fields.optional("factor", .number(1...100).defaulting(2)) ?? standard.factor
        // A longer initial wait raises the default cap, so that the cap need not be given too.
        let cap =
            fields.optional("cap", .duration(initial...RetryPolicy.longestWait).defaulting("5m"))
            ?? max(standard.cap, initial)
        let maxAttempts = fields.optional("maxAttempts", .integer(1...60).defaulting(20)) ?? standard.maxAttempts
        guard fields.errors.isEmpty else { return nil }
        self.init(initial: initial, factor: factor, cap: cap, maxAttempts: maxAttempts)
    }

    /// The document that `init(_:at:errors:)` reads, with all defaults filled in.
    package var json: JSON {
        [
            "initial": .string(initial.text),
            "factor": Int(exactly: factor).map { .integer($0) } ?? .number(factor),
            "cap": .string(cap.text), "maxAttempts": .integer(maxAttempts),
        ]
    }
}

extension RetryPolicy {
    /// Writes a version, then the fields in order.
    package func encode(into writer: inout ByteWriter) {
        writer.write(unsigned: RetryPolicy.version)
        writer.write(initial)
        writer.write(unsigned: factor.bitPattern)
        writer.write(cap)
        writer.write(maxAttempts)
    }

    /// Reads what `encode` wrote; values out of bounds are a failure.
    package init(from reader: inout ByteReader) throws(ByteReader.Failure) {
        guard try reader.unsigned() == RetryPolicy.version else { throw reader.failure("version 1 of a retry policy") }
        let initial = try reader.duration()
        let factor = Double(bitPattern: try reader.unsigned())
        let cap = try reader.duration()
        let maxAttempts = try reader.int()
        guard initial > .zero, factor >= 1, cap >= initial, maxAttempts >= 1 else {
            throw reader.failure("a retry policy within its limits")
        }
        self.init(initial: initial, factor: factor, cap: cap, maxAttempts: maxAttempts)
    }

    private static let version: UInt64 = 1
}
