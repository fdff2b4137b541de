import Model

/// A transaction that is open on a connection, for the body that runs in it.
///
/// What a store does within a transaction is an extension of this type: it runs on the connection's thread, in one
/// round trip a statement, and throws `PostgresError`. A failed statement rolls the transaction back, and every later
/// one throws; only the caller may repeat the whole.
package struct PostgresTransaction {
    private let keeper: SessionKeeper

    init(_ keeper: SessionKeeper) { self.keeper = keeper }

    /// Runs one statement and returns its rows, each read by `read` while the result lives.
    package func query<Column, Row>(
        _ call: StatementCall, _ read: (PostgresRow<Column>) throws(PostgresError) -> Row
    ) throws(PostgresError) -> [Row] {
        try keeper.withSession { session throws(PostgresError) in try session.run(call, read) }
    }

    /// The values of a statement that returns one column; NULL throws `PostgresError.unexpectedValue`.
    package func values<Value>(_ call: StatementCall, _ type: ColumnType<Value>) throws(PostgresError) -> [Value] {
        try keeper.values(call, type)
    }

    /// As `values(_:_:)`, of the first row; nil if there is none.
    package func value<Value>(_ call: StatementCall, _ type: ColumnType<Value>) throws(PostgresError) -> Value? {
        try values(call, type).first
    }

    /// Runs one statement and returns the number of rows it changed or returned.
    @discardableResult
    package func execute(_ call: StatementCall) throws(PostgresError) -> Int {
        try keeper.withSession { session throws(PostgresError) in try session.run(call) }
    }

    /// Runs statements in one round trip. Returns their row counts, in order.
    @discardableResult
    package func pipeline(_ calls: [StatementCall]) throws(PostgresError) -> [Int] {
        try keeper.withSession { session throws(PostgresError) in try session.pipeline([calls]) }
    }

    /// The database's clock (`clock_timestamp()`), in one round trip.
    func now() throws(PostgresError) -> Timestamp { try keeper.now() }
}
