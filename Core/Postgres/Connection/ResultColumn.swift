package import Model

/// The columns of a result, in the statement's order: an enum with a case for each, named as the column in camel case
/// (`nextAt` for `next_at`).
///
/// A session compares the names with the server's when it first reads a statement's result, and throws
/// `PostgresError.unexpectedValue` where they differ.
package protocol ResultColumn: CaseIterable, RawRepresentable, Sendable where RawValue == Int {
    /// Says how a result's columns differ from these; nil: they do not.
    static func mismatch(with names: [String]) -> String?
}

extension ResultColumn {
    /// Compares all names, in order.
    package static func mismatch(with names: [String]) -> String? {
        let expected = allCases.map(\.name)
        if expected == names { return nil }
        return "expected the columns \(expected.joined(separator: ", ")), found \(names.joined(separator: ", "))"
    }

    /// The column's name in SQL.
    var name: String {
        var (name, wasUppercase) = ("", false)
        for character in String(describing: self) {
            // Not within an abbreviation: `scheduleID` is schedule_id.
            if character.isUppercase, !wasUppercase { name += "_" }
            wasUppercase = character.isUppercase
            name += character.lowercased()
        }
        return name
    }
}

/// The column of a result that has only one, whatever its name.
package enum SingleColumn: Int, ResultColumn {
    /// The only column.
    case value

    /// Compares the number of columns only.
    package static func mismatch(with names: [String]) -> String? {
        names.count == 1 ? nil : "expected one column, found \(names.joined(separator: ", "))"
    }
}

/// How the value of a single column is read: `.uuid`, `.int`, ….
package struct ColumnType<Value: Sendable>: Sendable {
    let read: @Sendable (PostgresRow<SingleColumn>) throws(PostgresError) -> Value?
}

extension ColumnType<Bool> {
    /// A `boolean`.
    package static var bool: Self { Self { row throws(PostgresError) in try row.bool(.value) } }
}
extension ColumnType<Int> {
    /// A `smallint`, `integer` or `bigint`.
    package static var int: Self { Self { row throws(PostgresError) in try row.int(.value) } }
}
extension ColumnType<String> {
    /// A `text`.
    package static var text: Self { Self { row throws(PostgresError) in try row.text(.value) } }
}
extension ColumnType<[UInt8]> {
    /// A `bytea`.
    package static var bytes: Self { Self { row throws(PostgresError) in try row.bytes(.value) } }
}
extension ColumnType<Timestamp> {
    /// A `timestamptz`.
    package static var time: ColumnType<Timestamp> { Self { row throws(PostgresError) in try row.time(.value) } }
}
extension ColumnType<ScheduleID> {
    /// A schedule's id, stored as `uuid`.
    package static var scheduleID: Self { Self { row throws(PostgresError) in try row.id(.value) } }
}
extension ColumnType<TriggerID> {
    /// A trigger's id, stored as `uuid`.
    package static var triggerID: Self { Self { row throws(PostgresError) in try row.id(.value) } }
}
extension ColumnType<ExecutionID> {
    /// An execution's id, stored as `uuid`.
    package static var executionID: Self { Self { row throws(PostgresError) in try row.id(.value) } }
}
extension ColumnType<Identifier> {
    /// A `uuid`.
    package static var uuid: ColumnType<Identifier> { Self { row throws(PostgresError) in try row.uuid(.value) } }
}
