/// What a worker must know of a tenant to make its calls: its rates, whether it is paused, and its secrets, still
/// sealed.
package struct TenantRecord: Hashable, Sendable {
    /// Calls a second, of all its triggers together; nil: unlimited.
    package var maxRate: Double?
    /// Calls a second to a target, by lower-case host or host and port.
    package var targetRates: [String: Double]
    package var isPaused: Bool
    /// By name.
    package var secrets: [String: SealedSecret]

    /// A record without limits or secrets, unless given.
    package init(
        maxRate: Double? = nil, targetRates: [String: Double] = [:], isPaused: Bool = false,
        secrets: [String: SealedSecret] = [:]
    ) {
        self.maxRate = maxRate
        self.targetRates = targetRates
        self.isPaused = isPaused
        self.secrets = secrets
    }

    /// What workers need of the settings, with the tenant's secrets.
    package init(_ settings: TenantSettings, secrets: [String: SealedSecret]) {
        self.init(
            maxRate: settings.maxRate, targetRates: settings.targetRates, isPaused: settings.isPaused, secrets: secrets)
    }

    /// Whether it says no more than its absence would.
    package var isPlain: Bool { self == TenantRecord() }

    /// The binary form, of version 1; equal records are equal bytes.
    package var encoded: [UInt8] {
        var writer = ByteWriter()
        writer.write(unsigned: 1)
        writer.write(optional: maxRate) { $0.write($1) }
        writer.write(targetRates)
        writer.write(isPaused)
        writer.write(unsigned: UInt64(secrets.count))
        for (name, secret) in secrets.sorted(by: { $0.key < $1.key }) {
            writer.write(name)
            secret.encode(into: &writer)
        }
        return writer.bytes
    }

    /// Reads `encoded`.
    package init(decoding bytes: [UInt8]) throws(ByteReader.Failure) {
        var reader = ByteReader(bytes)
        guard try reader.unsigned() == 1 else { throw reader.failure("a tenant's record of version 1") }
        maxRate = try reader.optional { reader throws(ByteReader.Failure) in try reader.double() }
        targetRates = try reader.rates()
        isPaused = try reader.bool()
        secrets = [:]
        for _ in 0..<(try reader.unsigned()) { secrets[try reader.text()] = try SealedSecret(from: &reader) }
    }
}

/// A secret's value as it is stored: sealed. After a rotation the previous value is kept for a while, so that receivers
/// of signatures have time to change over.
package struct SealedSecret: Hashable, Sendable {
    package var current: [UInt8]
    /// The value before the last rotation; nil if it was not kept.
    package var previous: [UInt8]?
    /// Until when calls are signed with the previous value too.
    package var previousUntil: Timestamp?

    /// A secret that was not rotated, unless the previous value is given.
    package init(current: [UInt8], previous: [UInt8]? = nil, previousUntil: Timestamp? = nil) {
        self.current = current
        self.previous = previous
        self.previousUntil = previousUntil
    }

    /// The binary form, without a version.
    package var encoded: [UInt8] {
        var writer = ByteWriter()
        encode(into: &writer)
        return writer.bytes
    }

    /// Reads `encoded`.
    package init(decoding bytes: [UInt8]) throws(ByteReader.Failure) {
        var reader = ByteReader(bytes)
        try self.init(from: &reader)
    }

    func encode(into writer: inout ByteWriter) {
        writer.write(bytes: current)
        writer.write(optional: previous) { $0.write(bytes: $1) }
        writer.write(optional: previousUntil) { $0.write($1) }
    }

    init(from reader: inout ByteReader) throws(ByteReader.Failure) {
        current = Array(try reader.byteString())
        previous = try reader.optional { reader throws(ByteReader.Failure) in Array(try reader.byteString()) }
        previousUntil = try reader.optional { reader throws(ByteReader.Failure) in try reader.timestamp() }
    }
}
