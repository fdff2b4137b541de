/// How a trigger's failed calls are repeated: exponential backoff with full jitter.
package struct RetryPolicy: Hashable, Sendable {
    /// The longest wait after the first attempt. Default 1 s.
    package var initial: Duration
    /// By what each further wait is longer. Default 2.
    package var factor: Double
    /// No wait is longer. Default 5 min.
    package var cap: Duration
    /// Calls made in all, the first included. Default 20.
    package var maxAttempts: Int

    package init(
        initial: Duration = .seconds(1), factor: Double = 2, cap: Duration = .seconds(300), maxAttempts: Int = 20
    ) {
        precondition(initial > .zero && factor >= 1 && cap >= initial && maxAttempts >= 1, "not a retry policy")
        self.initial = initial
        self.factor = factor
        self.cap = cap
        self.maxAttempts = maxAttempts
    }

    /// The wait after attempt `attempt` (from 1): evenly between zero and min(cap, initial · factor^(attempt − 1)).
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
    /// Reads `{"initial", "factor", "cap", "maxAttempts"}`, all optional; appends every mistake with its pointer, and is
    /// nil where there is one.
    package init?(_ value: JSON, at pointer: String = "/retry", errors: inout [FieldError]) {
        let standard = RetryPolicy()
        var fields = JSONFields(value, at: pointer)
        let initial =
            fields.optional("initial", "a duration from 1ms to 1d, such as \"1s\"") {
                RetryPolicy.wait($0, atLeast: .milliseconds(1))
            } ?? standard.initial
        let factor =
            fields.optional("factor", "a number from 1 to 100") { value in
                value.double.flatMap { (1...100).contains($0) ? $0 : nil }
            } ?? standard.factor
        // A longer initial wait alone moves the default cap, so that it need not be given too.
        let cap =
            fields.optional("cap", "a duration from \(initial.text) (the initial wait) to 1d") {
                RetryPolicy.wait($0, atLeast: initial)
            } ?? max(standard.cap, initial)
        let maxAttempts =
            fields.optional("maxAttempts", "a whole number from 1 to 60") { value in
                value.int.flatMap { (1...60).contains($0) ? $0 : nil }
            } ?? standard.maxAttempts
        fields.finish()
        errors += fields.errors
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

    private static func wait(_ value: JSON, atLeast least: Duration) -> Duration? {
        guard let wait = value.text.flatMap({ Duration(text: $0) }), wait >= least, wait <= .seconds(86_400) else {
            return nil
        }
        return wait
    }
}

extension RetryPolicy {
    package func encode(into writer: inout ByteWriter) {
        writer.write(unsigned: RetryPolicy.version)
        writer.write(initial)
        writer.write(unsigned: factor.bitPattern)
        writer.write(cap)
        writer.write(maxAttempts)
    }

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
