/// The id of one kind of record. Ids of different kinds are different types, so that none stands where another belongs.
public protocol RecordID: Hashable, Comparable, Sendable, LosslessStringConvertible {
    /// The 128 bits.
    var value: Identifier { get }
    /// The record with this id, whether or not there is one.
    init(_ value: Identifier)
}

/// A schedule's id. One that is deleted and created again gets another.
public struct ScheduleID: RecordID {
    public let value: Identifier
    public init(_ value: Identifier) { self.value = value }
}

/// A trigger's id: a UUIDv7 derived from its `TriggerKey`, so that whoever plans the same occurrence gets the same id.
public struct TriggerID: RecordID {
    public let value: Identifier
    public init(_ value: Identifier) { self.value = value }
}

/// The id of a flow's definition: of one version of a flow.
public struct DefinitionID: RecordID {
    public let value: Identifier
    public init(_ value: Identifier) { self.value = value }
}

/// The id of an execution of a flow.
public struct ExecutionID: RecordID {
    public let value: Identifier
    public init(_ value: Identifier) { self.value = value }
}

/// An API key's id, which is no secret.
public struct KeyID: RecordID {
    public let value: Identifier
    public init(_ value: Identifier) { self.value = value }
}

extension RecordID {
    /// An id of these bits, whatever UUID version they are.
    public init(high: UInt64, low: UInt64) { self.init(Identifier(high: high, low: low)) }
    /// A UUIDv7 of that millisecond, its other 74 bits taken from `random`.
    public static func v7(at time: Timestamp, using random: inout some RandomNumberGenerator) -> Self {
        Self(Identifier.v7(at: time, using: &random))
    }
    /// A UUIDv7 of that millisecond with its other bits given: the low 12 of `tailHigh` and the low 62 of `tailLow`.
    package static func v7(milliseconds: Int64, tailHigh: UInt64, tailLow: UInt64) -> Self {
        Self(Identifier.v7(milliseconds: milliseconds, tailHigh: tailHigh, tailLow: tailLow))
    }
    /// No id is lower: where a page begins.
    package static var lowest: Self { Self(high: 0, low: 0) }
    /// No id is higher: where a page in descending order begins.
    package static var highest: Self { Self(high: .max, low: .max) }

    /// The millisecond in the first 48 bits of a UUIDv7.
    public var v7Time: Timestamp { value.v7Time }
    /// By the bits as one unsigned number: by time for UUIDv7.
    public static func < (left: Self, right: Self) -> Bool { left.value < right.value }
    /// In lower case with hyphens.
    public var description: String { value.description }
    /// Reads 32 hexadecimal digits of either case, with or without hyphens; nil for anything else.
    public init?(_ text: String) {
        guard let value = Identifier(text) else { return nil }
        self.init(value)
    }
}

extension ExecutionID {
    /// How many buckets executions are hashed into (protocols.md, 21a).
    package static let buckets = 64

    /// The bucket of the execution, for good: 0 to 63.
    package var bucket: Int { StableHash.shard(of: description, count: ExecutionID.buckets) }
}

extension ScheduleID {
    /// The shard of the schedule, of `count`.
    package func shard(of count: Int) -> Int { StableHash.shard(of: description, count: count) }
}
