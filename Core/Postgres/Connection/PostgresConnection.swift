internal import Blocking
private import CLibpq
private import Model
private import Synchronization

/// One connection to Postgres on a thread of its own. Calls are made one after another.
///
/// Statements are prepared when first used. A connection that broke is made anew by the next call outside a transaction,
/// unless its session is held (`holdSession`). A failed call is never repeated here: only its caller knows whether repeating
/// is safe.
///
/// After every failure the connection is clean or closed, whatever the caller does with the error (protocols.md, 25a): where
/// the server still has a transaction open it is rolled back, and where that fails, or answers are still to come, the session
/// is ended. Only `transaction` sends `begin`.
package actor PostgresConnection {
    package struct Configuration: Sendable {
        /// `postgresql://user:password@host:port/database`, or libpq's `key=value` form.
        package var url: String
        package var connectTimeout: Duration = .seconds(5)
        /// Appears in `pg_stat_activity`.
        package var applicationName: String
        /// Off behind transaction pooling, which keeps no prepared statements.
        package var preparesStatements = true
        /// Run after connecting, in the simple protocol: `set …`.
        package var setup = ""
        /// What the server says besides answers: warnings.
        package var onNotice: @Sendable (String) -> Void = { _ in }

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
    /// The session has what its owner relies on, and must not be replaced in silence.
    private var isSessionHeld = false

    /// The transaction that this connection has begun for a caller.
    private enum Transaction {
        case none
        case open
        /// A statement of it failed, and it was rolled back; its body has not returned yet.
        case failed
    }

    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    package init(_ configuration: Configuration) {
        self.configuration = configuration
        executor = ThreadExecutor(name: "postgres")
    }

    /// Runs one statement and reads its rows with `read`.
    @discardableResult
    package func query<Row: Sendable>(
        _ call: StatementCall, _ read: @Sendable (PostgresRow) throws(PostgresError) -> Row
    ) throws(PostgresError) -> [Row] {
        try calling { session throws(PostgresError) in try session.run(call, read) }
    }

    /// Runs one statement; the number of rows it changed or returned.
    @discardableResult
    package func execute(_ call: StatementCall) throws(PostgresError) -> Int {
        try calling { session throws(PostgresError) in try session.run(call) }
    }

    /// Runs statements in one round trip, as one implicit transaction unless one is open. The numbers of rows.
    @discardableResult
    package func pipeline(_ calls: [StatementCall]) throws(PostgresError) -> [Int] {
        try calling { session throws(PostgresError) in try session.pipeline([calls]) }
    }

    /// As `pipeline`, reading the rows of the last statement.
    package func pipeline<Row: Sendable>(
        _ calls: [StatementCall], readingLast read: @Sendable (PostgresRow) throws(PostgresError) -> Row
    ) throws(PostgresError) -> [Row] {
        try calling { session throws(PostgresError) in try session.pipeline(calls, readingLast: read) }
    }

    /// Runs a script of several statements in the simple protocol.
    package func run(script: String) throws(PostgresError) {
        try calling { session throws(PostgresError) in try session.script(script) }
    }

    /// Runs `body` between begin and commit, on this connection's thread without interruption; rolls back if it throws, or if
    /// a statement in it failed.
    ///
    /// `first` statements, such as settings, go with the begin in one round trip.
    package func transaction<Value: Sendable>(
        first: [StatementCall] = [],
        _ body: @Sendable (isolated PostgresConnection) throws(PostgresError) -> Value
    ) throws(PostgresError) -> Value {
        try transaction(first: first) { connection throws(PostgresError) in (try body(connection), []) }
    }

    /// A transaction whose last statements go with the commit in one round trip: `body` returns them.
    package func transaction<Value: Sendable>(
        first: [StatementCall] = [],
        committing body: @Sendable (isolated PostgresConnection) throws(PostgresError) -> (Value, [StatementCall])
    ) throws(PostgresError) -> Value {
        precondition(transaction == .none, "transactions do not nest")
        try calling { session throws(PostgresError) in
            // A part of its own, so that a failure of what follows finds the transaction begun.
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

    /// `COPY … FROM STDIN`: sends `data` in the text format. The number of rows.
    @discardableResult
    package func copyIn(_ statement: Statement, data: [UInt8]) throws(PostgresError) -> Int {
        try calling { session throws(PostgresError) in try session.copyIn(statement, data: data) }
    }

    /// Keeps the session for its owner, who is about to take locks that live as long as it does: when it breaks, every call
    /// fails with `disconnected` until the owner has called `close`, and knows that its locks are gone.
    package func holdSession() throws(PostgresError) {
        _ = try connected()
        isSessionHeld = true
    }

    /// Asks the server, from any thread, to cancel what this connection is doing now.
    package nonisolated func cancel() { canceller.cancel() }

    /// Ends the session, with the locks and prepared statements that it has. The next call makes another.
    package func close() {
        isSessionHeld = false
        endSession()
    }

    /// The process id of the server's side, for tests and for the operator.
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

    /// Rolls back what is open; ends a session that cannot, or that has answers still to come.
    private func clean(_ session: PostgresSession) {
        if session.standing == .inTransaction {
            // A rollback that fails leaves the session as it is, and it is ended below: then the server rolls back.
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
    /// For `transaction` alone: in anybody else's hands they would leave transactions open when a statement fails.
    fileprivate static let begin = StatementCall(Statement("begin"))
    fileprivate static let commit = StatementCall(Statement("commit"))
}

/// Holds what is needed to cancel, for other threads.
private final class Canceller: Sendable {
    private let token = Mutex<CancelToken?>(nil)

    func set(_ session: PostgresSession?) { token.withLock { $0 = session?.makeCancelToken() } }
    func cancel() { token.withLock { $0?.cancel() } }
}
