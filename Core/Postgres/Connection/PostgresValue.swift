package import Model

/// A parameter of a statement, in Postgres's binary format. Arrays have one dimension; integers trap outside their
/// type's range.
package struct PostgresValue: Sendable {
    /// The object id of the parameter's type (`pg_type.dat`).
    let type: UInt32
    /// Nil is NULL.
    let bytes: [UInt8]?

    private init(type: UInt32, bytes: [UInt8]?) {
        self.type = type
        self.bytes = bytes
    }
    private init<Value>(_ kind: PostgresType<Value>, _ value: Value?) {
        self.init(
            type: kind.oid,
            bytes: value.map { value in
                var bytes: [UInt8] = []
                kind.write(value, &bytes)
                return bytes
            })
    }
    private init<Value>(array values: [Value?], _ kind: PostgresType<Value>) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(20 + values.count * 24)
        append(Int32(values.isEmpty ? 0 : 1), to: &bytes)
        append(Int32(values.contains { $0 == nil } ? 1 : 0), to: &bytes)
        append(kind.oid, to: &bytes)
        if !values.isEmpty {
            append(Int32(values.count), to: &bytes)
            append(Int32(1), to: &bytes)
        }
        for value in values {
            guard let value else {
                append(Int32(-1), to: &bytes)
                continue
            }
            let start = bytes.count
            append(Int32(0), to: &bytes)
            kind.write(value, &bytes)
            let length = UInt32(bytes.count - start - 4)
            for index in 0..<4 { bytes[start + index] = UInt8(truncatingIfNeeded: length >> UInt32(24 - 8 * index)) }
        }
        self.init(type: kind.array, bytes: bytes)
    }

    /// A `boolean`; nil is NULL.
    package static func bool(_ value: Bool?) -> PostgresValue { PostgresValue(.bool, value) }
    /// A `smallint`; nil is NULL.
    package static func smallint(_ value: Int?) -> PostgresValue { PostgresValue(.smallint, value) }
    /// An `integer`; nil is NULL.
    package static func int(_ value: Int?) -> PostgresValue { PostgresValue(.int, value) }
    /// A `bigint`; nil is NULL.
    package static func bigint(_ value: Int?) -> PostgresValue { PostgresValue(.bigint, value) }
    /// A `double precision`; nil is NULL.
    package static func double(_ value: Double?) -> PostgresValue { PostgresValue(.double, value) }
    /// A `text`; nil is NULL.
    package static func text(_ value: String?) -> PostgresValue { PostgresValue(.text, value) }
    /// A tenant's name as `text`; nil is NULL.
    package static func tenant(_ value: TenantID?) -> PostgresValue { PostgresValue(.text, value?.description) }
    /// A schedule's name as `text`; nil is NULL.
    package static func name(_ value: ScheduleName?) -> PostgresValue { PostgresValue(.text, value?.description) }
    /// A `bytea`; nil is NULL.
    package static func bytes(_ value: [UInt8]?) -> PostgresValue { PostgresValue(.bytea, value) }
    /// A `uuid`; nil is NULL.
    package static func uuid(_ value: Identifier?) -> PostgresValue { PostgresValue(.uuid, value) }
    /// The id of a record as `uuid`; nil is NULL.
    package static func uuid<ID: RecordID>(_ value: ID?) -> PostgresValue { uuid(value?.value) }
    /// A `timestamptz`; nil is NULL, `distantFuture` infinity and `distantPast` minus infinity.
    package static func time(_ value: Timestamp?) -> PostgresValue { PostgresValue(.timestamptz, value) }

    /// A `boolean[]`.
    package static func bools(_ values: [Bool?]) -> PostgresValue { PostgresValue(array: values, .bool) }
    /// A `smallint[]`.
    package static func smallints(_ values: [Int?]) -> PostgresValue { PostgresValue(array: values, .smallint) }
    /// An `integer[]`.
    package static func ints(_ values: [Int?]) -> PostgresValue { PostgresValue(array: values, .int) }
    /// A `bigint[]`.
    package static func bigints(_ values: [Int?]) -> PostgresValue { PostgresValue(array: values, .bigint) }
    /// A `text[]`.
    package static func texts(_ values: [String?]) -> PostgresValue { PostgresValue(array: values, .text) }
    /// Names of tenants as `text[]`.
    package static func tenants(_ values: [TenantID]) -> PostgresValue { texts(values.map(\.description)) }
    /// Names of schedules as `text[]`.
    package static func names(_ values: [ScheduleName]) -> PostgresValue { texts(values.map(\.description)) }
    /// A `bytea[]`.
    package static func byteas(_ values: [[UInt8]?]) -> PostgresValue { PostgresValue(array: values, .bytea) }
    /// A `uuid[]`.
    package static func uuids(_ values: [Identifier?]) -> PostgresValue { PostgresValue(array: values, .uuid) }
    /// The ids of records as `uuid[]`.
    package static func uuids<ID: RecordID>(_ values: [ID]) -> PostgresValue { uuids(values.map(\.value)) }
    /// A `timestamptz[]`; infinities as in `time`.
    package static func times(_ values: [Timestamp?]) -> PostgresValue { PostgresValue(array: values, .timestamptz) }
    /// A `tid[]`.
    package static func rowPlaces(_ values: [RowPlace?]) -> PostgresValue { PostgresValue(array: values, .tid) }
}

/// Where a row version is stored: Postgres's `ctid`. Valid only while the row is locked.
package struct RowPlace: Hashable, Sendable {
    let block: UInt32
    let offset: UInt16
}

/// The object ids of a type and its array type, and how a value is written in binary.
private struct PostgresType<Value>: Sendable {
    let oid: UInt32
    let array: UInt32
    let write: @Sendable (Value, inout [UInt8]) -> Void
}

extension PostgresType<Bool> {
    static let bool = PostgresType(oid: 16, array: 1_000) { $1.append($0 ? 1 : 0) }
}
extension PostgresType<Int> {
    static let smallint = PostgresType(oid: 21, array: 1_005) { append(Int16($0), to: &$1) }
    static let int = PostgresType(oid: 23, array: 1_007) { append(Int32($0), to: &$1) }
    static let bigint = PostgresType(oid: 20, array: 1_016) { append(Int64($0), to: &$1) }
}
extension PostgresType<Double> {
    static let double = PostgresType(oid: 701, array: 1_022) { append($0.bitPattern, to: &$1) }
}
extension PostgresType<String> {
    static let text = PostgresType(oid: 25, array: 1_009) { $1.append(contentsOf: $0.utf8) }
}
extension PostgresType<[UInt8]> {
    static let bytea = PostgresType(oid: 17, array: 1_001) { $1.append(contentsOf: $0) }
}
extension PostgresType<Identifier> {
    static let uuid = PostgresType(oid: 2_950, array: 2_951) {
        append($0.high, to: &$1)
        append($0.low, to: &$1)
    }
}
extension PostgresType<Timestamp> {
    /// Microseconds since 2000-01-01; `distantFuture` and later become infinity, `distantPast` becomes minus infinity.
    static let timestamptz = PostgresType(oid: 1_184, array: 1_185) { time, bytes in
        if time >= .distantFuture { return append(Int64.max, to: &bytes) }
        append(time == .distantPast ? Int64.min : time.microseconds - postgresEpoch, to: &bytes)
    }
}
extension PostgresType<RowPlace> {
    static let tid = PostgresType(oid: 27, array: 1_010) {
        append($0.block, to: &$1)
        append($0.offset, to: &$1)
    }
}

/// 2000-01-01T00:00:00Z in microseconds since 1970.
let postgresEpoch: Int64 = 946_684_800_000_000

private func append<Word: FixedWidthInteger>(_ word: Word, to bytes: inout [UInt8]) {
    var shift = Word.bitWidth - 8
    while shift >= 0 {
        bytes.append(UInt8(truncatingIfNeeded: word >> Word(shift)))
        shift -= 8
    }
}
