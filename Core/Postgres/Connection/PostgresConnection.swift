internal import Blocking
package import Model

/// One connection to Postgres, on a thread of its own; calls run one after another.
///
/// Statements are prepared when first used. A broken connection is replaced by the next call outside a transaction,
/// unless its session is held (`holdSession`). A failed call is never repeated here: only its caller knows whether that
/// is safe.
///
/// After every failure the connection is clean or closed, whatever the caller does with the error (protocols.md, 25a):
/// an open transaction is rolled back, and if that fails, or replies are still pending, the session is ended. Only
/// `transaction` sends `begin`.
///
/// Every call throws `PostgresError`.
package actor PostgresConnection {
    /// How to connect and what to set up in each new session.
    package struct Configuration: Sendable {
        /// `postgresql://user:password@host:port/database`, or libpq's `key=value` form.
        package var url: String
        /// Limit for connecting; libpq counts whole seconds, at least 1. Default 5 s.
        package var connectTimeout: Duration = .seconds(5)
        /// Shown in `pg_stat_activity`.
        package var applicationName: String
        /// False behind transaction pooling, which keeps no prepared statements. Default true.
        package var preparesStatements = true
        /// Statements run after connecting, in the simple protocol: `set …`. None by default.
        package var setup = ""
        /// Receives the server's notices and warnings, on the connection's thread.
        package var onNotice: @Sendable (String) -> Void = { _ in }

        /// A configuration with the defaults given at each property.
        package init(url: String, applicationName: String) {
            self.url = url
            self.applicationName = applicationName
        }
    }

    private let executor: ThreadExecutor
    private let keeper: SessionKeeper
    private let canceller = SessionCanceller()

    /// The connection's own thread, where blocking libpq calls run.
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    /// A connection that connects at its first call.
    package init(_ configuration: Configuration) {
        executor = ThreadExecutor(name: "postgres")
        keeper = SessionKeeper(configuration, canceller: canceller)
    }

    /// Runs one statement and returns its rows, each read by `read` while the result lives.
    package func query<Column, Row: Sendable>(
        _ call: StatementCall, _ read: @Sendable (PostgresRow<Column>) throws(PostgresError) -> Row
    ) throws(PostgresError) -> [Row] {
        try keeper.withSession { session throws(PostgresError) in try session.run(call, read) }
    }

    /// The values of a statement that returns one column; NULL throws `PostgresError.unexpectedValue`.
    package func values<Value>(_ call: StatementCall, _ type: ColumnType<Value>) throws(PostgresError) -> [Value] {
        try keeper.values(call, type)
    }

    /// As `values(_:_:)`, of the first row; nil if there is none.
    package func value<Value>(_ call: StatementCall, _ type: ColumnType<Value>) throws(PostgresError) -> Value? {
        try keeper.values(call, type).first
    }

    /// Runs one statement and returns the number of rows it changed or returned.
    @discardableResult
    package func execute(_ call: StatementCall) throws(PostgresError) -> Int {
        try keeper.withSession { session throws(PostgresError) in try session.run(call) }
    }

    /// Runs statements in one round trip, as one implicit transaction. Returns their row counts, in order.
    @discardableResult
    package func pipeline(_ calls: [StatementCall]) throws(PostgresError) -> [Int] {
        try keeper.withSession { session throws(PostgresError) in try session.pipeline([calls]) }
    }

    /// Runs a script of several statements in the simple protocol.
    package func run(script: String) throws(PostgresError) {
        try keeper.withSession { session throws(PostgresError) in try session.script(script) }
    }

    /// Runs `body` between begin and commit without letting other callers in between; rolls back if it throws or a
    /// statement in it failed.
    ///
    /// Two round trips besides those of `body`: `first` statements, such as settings, travel with the begin. Traps if
    /// called within a transaction.
    package func transaction<Value: Sendable>(
        first: [StatementCall] = [],
        _ body: @Sendable (PostgresTransaction) throws(PostgresError) -> Value
    ) throws(PostgresError) -> Value {
        try keeper.inTransaction(first: first) { transaction throws(PostgresError) in (try body(transaction), []) }
    }

    /// As `transaction(first:_:)`, but the statements that `body` returns travel with the commit.
    package func transaction<Value: Sendable>(
        first: [StatementCall] = [],
        committing body: @Sendable (PostgresTransaction) throws(PostgresError) -> (Value, [StatementCall])
    ) throws(PostgresError) -> Value {
        try keeper.inTransaction(first: first, body)
    }

    /// Begins, reads by two statements, and commits what `body` makes of their rows: two round trips in all.
    ///
    /// The second statement sees what was committed before it ran, after the first took its locks.
    func transaction<FirstColumn, First: Sendable, SecondColumn, Second: Sendable, Value: Sendable>(
        reading first: StatementCall,
        _ readFirst: @Sendable (PostgresRow<FirstColumn>) throws(PostgresError) -> First,
        _ second: StatementCall,
        _ readSecond: @Sendable (PostgresRow<SecondColumn>) throws(PostgresError) -> Second,
        committing body: @Sendable ([First], [Second]) -> (Value, [StatementCall])
    ) throws(PostgresError) -> Value {
        try keeper.inTransaction(reading: first, readFirst, second, readSecond, body)
    }

    /// Runs `COPY … FROM STDIN` with `data` in the text format. Returns the number of rows.
    @discardableResult
    package func copyIn(_ statement: Statement, data: [UInt8]) throws(PostgresError) -> Int {
        try keeper.withSession { session throws(PostgresError) in try session.copyIn(statement, data: data) }
    }

    /// Pins the session for an owner that is about to take session-level locks.
    ///
    /// If the session breaks, every call fails with `disconnected` until the owner calls `close`, so that it learns
    /// that its locks are gone.
    package func holdSession() throws(PostgresError) { try keeper.holdSession() }

    /// Asks the server to cancel the running statement, which then throws `cancelled`. Callable from any thread; does
    /// nothing if no session is open.
    package nonisolated func cancel() { canceller.cancel() }

    /// Ends the session together with its locks and prepared statements. The next call opens another.
    package func close() { keeper.close() }

    /// The process id of the server's backend, for tests and operators.
    package func serverProcess() throws(PostgresError) -> Int {
        try keeper.withSession { session throws(PostgresError) in session.serverProcess }
    }

    /// The database's clock (`clock_timestamp()`), in one round trip.
    package func now() throws(PostgresError) -> Timestamp { try keeper.now() }
}
