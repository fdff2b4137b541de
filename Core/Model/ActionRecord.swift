/// What a schedule does and how it is repeated: the `action` column.
package struct ActionRecord: Hashable, Sendable {
    package var action: Action
    package var retry: RetryPolicy
    /// The schedule is paused after so many failures in a row; nil: never.
    package var pauseAfter: Int?

    package init(action: Action, retry: RetryPolicy, pauseAfter: Int? = nil) {
        self.action = action
        self.retry = retry
        self.pauseAfter = pauseAfter
    }

    /// Version 2 has what version 1 has, and `pauseAfter`. A record without it is written as version 1, so that rows of before
    /// stay what they are.
    package var encoded: [UInt8] {
        var writer = ByteWriter(capacity: 256)
        writer.write(unsigned: pauseAfter == nil ? 1 : 2)
        if let pauseAfter { writer.write(pauseAfter) }
        action.encode(into: &writer)
        retry.encode(into: &writer)
        return writer.bytes
    }

    /// The failures in a row after which to pause, of an encoded record, without reading the rest.
    package static func pauseAfter(of bytes: [UInt8]) -> Int? {
        guard bytes.first == 2 else { return nil }
        var reader = ByteReader(Array(bytes.dropFirst()))
        // Damaged bytes ask for nothing here; whoever reads the whole record reports them.
        return try? reader.int()
    }

    package init(decoding bytes: some Collection<UInt8>) throws(ByteReader.Failure) {
        var reader = ByteReader(Array(bytes))
        let version = try reader.unsigned()
        guard version == 1 || version == 2 else { throw reader.failure("an action record of version 1 or 2") }
        pauseAfter = version == 2 ? try reader.int() : nil
        action = try Action(from: &reader)
        retry = try RetryPolicy(from: &reader)
    }
}
