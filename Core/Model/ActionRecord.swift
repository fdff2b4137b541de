/// What a schedule does, how it is repeated, and what happens when it fails: the `action` column.
package struct ActionRecord: Hashable, Sendable {
    package var action: Action
    package var retry: RetryPolicy
    /// The schedule is paused after so many failures in a row; nil: never.
    package var pauseAfter: Int?
    /// The call to make when a trigger ends without having been delivered; nil: the tenant's, if it has one.
    package var onFailure: HTTPAction?

    package init(action: Action, retry: RetryPolicy, pauseAfter: Int? = nil, onFailure: HTTPAction? = nil) {
        self.action = action
        self.retry = retry
        self.pauseAfter = pauseAfter
        self.onFailure = onFailure
    }

    /// Version 2 has what version 1 has, and `pauseAfter`; version 3 may have either, and `onFailure`. A record is written as the
    /// first version that has what it has, so that rows of before stay what they are.
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

    /// What an encoded record asks of failures, without reading the rest: nil for nothing.
    package static func failurePolicy(of bytes: [UInt8]) -> FailurePolicy? {
        guard let version = bytes.first, version == 2 || version == 3 else { return nil }
        var reader = ByteReader(Array(bytes.dropFirst()))
        // Damaged bytes ask for nothing here; whoever reads the whole record reports them.
        guard let pauseAfter = try? reader.int() else { return nil }
        return FailurePolicy(pauseAfter: pauseAfter == 0 ? nil : pauseAfter, hasCall: version == 3)
    }

    package init(decoding bytes: some Collection<UInt8>) throws(ByteReader.Failure) {
        var reader = ByteReader(Array(bytes))
        let version = try reader.unsigned()
        guard (1...3).contains(version) else { throw reader.failure("an action record of version 1, 2 or 3") }
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

/// What a schedule asks to be done about its failures.
package struct FailurePolicy: Hashable, Sendable {
    /// Failures in a row after which it is paused; nil: never.
    package var pauseAfter: Int?
    /// It names a call of its own to be made.
    package var hasCall: Bool

    package init(pauseAfter: Int?, hasCall: Bool) {
        self.pauseAfter = pauseAfter
        self.hasCall = hasCall
    }
}
