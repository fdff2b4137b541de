internal import Blocking
private import CLibpq
private import Model
private import Synchronization

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

    private let configuration: Configuration
    private let executor: ThreadExecutor
    private var session: PostgresSession?
    private let canceller = Canceller()
    private var transaction = Transaction.none
    /// The owner relies on this session's state, so it must not be replaced silently.
    private var isSessionHeld = false

    /// The transaction that this connection has begun for a caller.
    private enum Transaction {
        case none
        case open
        /// One of its statements failed and it was rolled back; its body has not returned yet.
        case failed
    }

    /// The connection's own thread, where blocking libpq calls run.
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    /// A connection that connects at its first call.
    package init(_ configuration: Configuration) {
        self.configuration = configuration
        executor = ThreadExecutor(name: "postgres")
    }

    /// Runs one statement and returns its rows, each read by `read` while the result lives.
    @discardableResult
    package func query<Row: Sendable>(
        _ call: StatementCall, _ read: @Sendable (PostgresRow) throws(PostgresError) -> Row
    ) throws(PostgresError) -> [Row] {
        try calling { session throws(PostgresError) in try session.run(call, read) }
    }

    /// Runs one statement and returns the number of rows it changed or returned.
    @discardableResult
    package func execute(_ call: StatementCall) throws(PostgresError) -> Int {
        try calling { session throws(PostgresError) in try session.run(call) }
    }

    /// Runs statements in one round trip, as one implicit transaction unless one is open. Returns their row counts, in
    /// order.
    @discardableResult
    package func pipeline(_ calls: [StatementCall]) throws(PostgresError) -> [Int] {
        try calling { session throws(PostgresError) in try session.pipeline([calls]) }
    }

    /// As `pipeline(_:)`, but returns the rows of the last statement.
    package func pipeline<Row: Sendable>(
        _ calls: [StatementCall], readingLast read: @Sendable (PostgresRow) throws(PostgresError) -> Row
    ) throws(PostgresError) -> [Row] {
        try calling { session throws(PostgresError) in try session.pipeline(calls, readingLast: read) }
    }

    /// Runs a script of several statements in the simple protocol.
    package func run(script: String) throws(PostgresError) {
        try calling { session throws(PostgresError) in try session.script(script) }
    }

    /// Runs `body` between begin and commit without letting other callers in between; rolls back if it throws or a
    /// statement in it failed.
    ///
    /// Two round trips besides those of `body`: `first` statements, such as settings, travel with the begin. Traps if
    /// called within a transaction.
    package func transaction<Value: Sendable>(
        first: [StatementCall] = [],
        _ body: @Sendable (isolated PostgresConnection) throws(PostgresError) -> Value
    ) throws(PostgresError) -> Value {
        try transaction(first: first) { connection throws(PostgresError) in (try body(connection), []) }
    }

    /// As `transaction(first:_:)`, but the statements that `body` returns travel with the commit.
    package func transaction<Value: Sendable>(
        first: [StatementCall] = [],
        committing body: @Sendable (isolated PostgresConnection) throws(PostgresError) -> (Value, [StatementCall])
    ) throws(PostgresError) -> Value {
        precondition(transaction == .none, "transactions do not nest")
        try calling { session throws(PostgresError) in
            // Begin in a pipeline part of its own, so that it takes effect even if a `first` statement fails.
            try session.pipeline(first.isEmpty ? [[.begin]] : [[.begin], first])
        }
        transaction = .open
        do throws(PostgresError) {
            let (value, last) = try body(self)
            try calling { session throws(PostgresError) in try session.pipeline([last + [.commit]]) }
            transaction = .none
            return value
        } catch {
            transaction = .none
            if let session { clean(session) }
            throw error
        }
    }

    /// Runs `COPY … FROM STDIN` with `data` in the text format. Returns the number of rows.
    @discardableResult
    package func copyIn(_ statement: Statement, data: [UInt8]) throws(PostgresError) -> Int {
        try calling { session throws(PostgresError) in try session.copyIn(statement, data: data) }
    }

    /// Pins the session for an owner that is about to take session-level locks.
    ///
    /// If the session breaks, every call fails with `disconnected` until the owner calls `close`, so that it learns
    /// that its locks are gone.
    package func holdSession() throws(PostgresError) {
        _ = try connected()
        isSessionHeld = true
    }

    /// Asks the server to cancel the running statement, which then throws `cancelled`. Callable from any thread; does
    /// nothing if no session is open.
    package nonisolated func cancel() { canceller.cancel() }

    /// Ends the session together with its locks and prepared statements. The next call opens another.
    package func close() {
        isSessionHeld = false
        endSession()
    }

    /// The process id of the server's backend, for tests and operators.
    package func serverProcess() throws(PostgresError) -> Int { try connected().serverProcess }

    /// Every use of the session goes through here.
    @discardableResult
    private func calling<Value>(
        _ body: (PostgresSession) throws(PostgresError) -> Value
    ) throws(PostgresError) -> Value {
        let session = try connected()
        do throws(PostgresError) {
            return try body(session)
        } catch {
            if transaction == .open { transaction = .failed }
            if error.code == .disconnected { endSession() } else { clean(session) }
            throw error
        }
    }

    /// Rolls back an open transaction; ends a session that cannot be rolled back or has replies pending.
    private func clean(_ session: PostgresSession) {
        if session.standing == .inTransaction {
            // If the rollback fails the session is ended below, and the server rolls back.
            try? session.script("rollback")
        }
        if session.standing != .idle { endSession() }
    }

    private func endSession() {
        canceller.set(nil)
        session = nil
    }

    private func connected() throws(PostgresError) -> PostgresSession {
        if transaction == .failed {
            throw PostgresError(
                .refused, sqlState: "25P02", "an earlier statement of the transaction failed, and it was rolled back")
        }
        if let session {
            if session.isAlive { return session }
            endSession()
        }
        if transaction == .open { throw PostgresError(.disconnected, "the connection broke within the transaction") }
        if isSessionHeld { throw PostgresError(.disconnected, "the session broke, and its locks went with it") }
        let session = try PostgresSession(configuration)
        if !configuration.setup.isEmpty { try session.script(configuration.setup) }
        self.session = session
        canceller.set(session)
        return session
    }
}

extension StatementCall {
    /// For `transaction` alone: used elsewhere, a failing statement would leave the transaction open.
    fileprivate static let begin = StatementCall(Statement("begin"))
    fileprivate static let commit = StatementCall(Statement("commit"))
}

/// Holds the cancel token of the current session, for other threads.
private final class Canceller: Sendable {
    private let token = Mutex<CancelToken?>(nil)

    func set(_ session: PostgresSession?) { token.withLock { $0 = session?.makeCancelToken() } }
    func cancel() { token.withLock { $0?.cancel() } }
}
