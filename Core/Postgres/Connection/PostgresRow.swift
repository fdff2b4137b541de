private import CLibpq
package import Model

/// One row of a result, valid only inside the closure that receives it.
///
/// Columns are read by name; nil is NULL. A value whose size does not match the type throws
/// `PostgresError.unexpectedValue`.
@safe package struct PostgresRow<Column: ResultColumn> {
    let result: OpaquePointer
    let index: Int32

    private func field(_ column: Column, size: Int? = nil) throws(PostgresError) -> UnsafeRawBufferPointer? {
        if unsafe PQgetisnull(result, index, Int32(column.rawValue)) == 1 { return nil }
        let length = unsafe Int(PQgetlength(result, index, Int32(column.rawValue)))
        guard size == nil || size == length else { throw unexpected(column, "\(size ?? 0) bytes, found \(length)") }
        return unsafe UnsafeRawBufferPointer(start: PQgetvalue(result, index, Int32(column.rawValue)), count: length)
    }

    private func unexpected(_ column: Column, _ what: String) -> PostgresError {
        PostgresError(.unexpectedValue, "column \(column.name): expected \(what)")
    }

    private func integer<Word: FixedWidthInteger>(_ column: Column, as: Word.Type) throws(PostgresError) -> Word? {
        guard let bytes = try unsafe field(column, size: Word.bitWidth / 8) else { return nil }
        return unsafe Word(bigEndian: bytes.loadUnaligned(as: Word.self))
    }

    /// A `smallint`, `integer` or `bigint`.
    package func int(_ column: Column) throws(PostgresError) -> Int? {
        switch unsafe PQgetlength(result, index, Int32(column.rawValue)) {
        case 2: try integer(column, as: Int16.self).map { Int($0) }
        case 4: try integer(column, as: Int32.self).map { Int($0) }
        default: try integer(column, as: Int64.self).map { Int($0) }
        }
    }
    /// A `boolean`.
    package func bool(_ column: Column) throws(PostgresError) -> Bool? {
        try integer(column, as: UInt8.self).map { $0 != 0 }
    }
    /// A `double precision`.
    package func double(_ column: Column) throws(PostgresError) -> Double? {
        try integer(column, as: UInt64.self).map { Double(bitPattern: $0) }
    }
    /// A `text`.
    package func text(_ column: Column) throws(PostgresError) -> String? {
        guard let bytes = try unsafe field(column) else { return nil }
        return unsafe String(decoding: bytes, as: UTF8.self)
    }
    /// A tenant's name, stored as `text`.
    package func tenant(_ column: Column) throws(PostgresError) -> TenantID? {
        try text(column).map { TenantID(checked: $0) }
    }
    /// A schedule's name, stored as `text`.
    package func scheduleName(_ column: Column) throws(PostgresError) -> ScheduleName? {
        try text(column).map { ScheduleName(checked: $0) }
    }
    /// A `bytea`.
    package func bytes(_ column: Column) throws(PostgresError) -> [UInt8]? {
        guard let bytes = try unsafe field(column) else { return nil }
        return unsafe [UInt8](bytes)
    }
    /// A `uuid`.
    package func uuid(_ column: Column) throws(PostgresError) -> Identifier? {
        guard let bytes = try unsafe field(column, size: 16) else { return nil }
        return unsafe Identifier(
            high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
            low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
    }
    /// The id of a record, stored as `uuid`.
    package func id<ID: RecordID>(_ column: Column) throws(PostgresError) -> ID? {
        try uuid(column).map { ID($0) }
    }
    /// A `timestamptz`; infinity is `distantFuture`, minus infinity `distantPast`.
    package func time(_ column: Column) throws(PostgresError) -> Timestamp? {
        guard let raw = try integer(column, as: Int64.self) else { return nil }
        if raw == .max { return .distantFuture }
        return raw == .min ? .distantPast : Timestamp(microseconds: raw + postgresEpoch)
    }
    /// A `ctid`.
    package func place(_ column: Column) throws(PostgresError) -> RowPlace? {
        guard let bytes = try unsafe field(column, size: 6) else { return nil }
        return unsafe RowPlace(
            block: UInt32(bigEndian: bytes.loadUnaligned(as: UInt32.self)),
            offset: UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt16.self)))
    }

    /// The value that `read` finds in a column; NULL throws `PostgresError.unexpectedValue`.
    package func required<Value>(
        _ column: Column, _ read: (Column) throws(PostgresError) -> Value?
    ) throws(PostgresError) -> Value {
        guard let value = try read(column) else { throw unexpected(column, "a value, found NULL") }
        return value
    }
}
