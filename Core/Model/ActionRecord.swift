/// What a schedule does, how it is retried and what happens when it fails: the `action` column.
package struct ActionRecord: Hashable, Sendable {
    package var action: Action
    package var retry: RetryPolicy
    /// Consecutive failures after which the schedule is paused; nil: never.
    package var pauseAfter: Int?
    /// The call to make when a trigger is rejected, expires or dies; nil: the tenant's, if it has one.
    package var onFailure: HTTPAction?

    /// A record that never pauses its schedule and has no `onFailure`, unless given.
    package init(action: Action, retry: RetryPolicy, pauseAfter: Int? = nil, onFailure: HTTPAction? = nil) {
        self.action = action
        self.retry = retry
        self.pauseAfter = pauseAfter
        self.onFailure = onFailure
    }

    /// The binary form, which starts with its version.
    ///
    /// Version 2 adds `pauseAfter` to version 1; version 3 has `onFailure` and may have `pauseAfter`. A record is
    /// written in the lowest version that holds it: existing rows keep their encoding, and an unchanged PUT compares
    /// equal.
    package var encoded: [UInt8] {
        var writer = ByteWriter(capacity: 256)
        if let onFailure {
            writer.write(unsigned: 3)
            writer.write(pauseAfter ?? 0)
            var call = ByteWriter(capacity: 128)
            onFailure.encode(into: &call)
            writer.write(bytes: call.bytes)
        } else {
            writer.write(unsigned: pauseAfter == nil ? 1 : 2)
            if let pauseAfter { writer.write(pauseAfter) }
        }
        action.encode(into: &writer)
        retry.encode(into: &writer)
        return writer.bytes
    }

    /// Reads only what an encoded record says about failures; nil if it says nothing.
    package static func failurePolicy(of bytes: [UInt8]) -> FailurePolicy? {
        guard let version = bytes.first, version == 2 || version == 3 else { return nil }
        var reader = ByteReader(Array(bytes.dropFirst()))
        // Damaged bytes count as saying nothing; whoever reads the whole record reports them.
        guard let pauseAfter = try? reader.int() else { return nil }
        return FailurePolicy(pauseAfter: pauseAfter == 0 ? nil : pauseAfter, hasCall: version == 3)
    }

    /// Whether the stored record's action starts a flow. Damaged bytes count as another action.
    package static func startsFlow(_ bytes: [UInt8]) -> Bool {
        if case .flow = (try? ActionRecord(decoding: bytes))?.action { true } else { false }
    }

    /// Reads `encoded`, of any version.
    package init(decoding bytes: some Collection<UInt8>) throws(ByteReader.Failure) {
        var reader = ByteReader(Array(bytes))
        let version = try reader.unsigned()
        guard (1...3).contains(version) else {
            let expected = "an action record of version 1, 2 or 3"
            throw version > 3 ? reader.laterVersion(expected) : reader.failure(expected)
        }
        let failures = version == 1 ? 0 : try reader.int()
        pauseAfter = failures == 0 ? nil : failures
        if version == 3 {
            var call = ByteReader(try reader.byteString())
            onFailure = try HTTPAction(from: &call)
        }
        action = try Action(from: &reader)
        retry = try RetryPolicy(from: &reader)
    }
}

/// What a schedule wants done about its failures.
package struct FailurePolicy: Hashable, Sendable {
    /// Consecutive failures after which it is paused; nil: never.
    package var pauseAfter: Int?
    /// Whether it has an `onFailure` of its own.
    package var hasCall: Bool

    /// Either part may be missing.
    package init(pauseAfter: Int?, hasCall: Bool) {
        self.pauseAfter = pauseAfter
        self.hasCall = hasCall
    }
}
