internal import Blocking
private import CLibpq
private import Model
private import Synchronization

/// One connection to Postgres on a thread of its own. Calls are made one after another.
///
/// Statements are prepared when first used. A connection that broke is made anew by the next call outside a transaction.
/// A failed call is never repeated here: only its caller knows whether repeating is safe.
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
    private var isInTransaction = false

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
        try connected().run(call, read)
    }

    /// Runs one statement; the number of rows it changed or returned.
    @discardableResult
    package func execute(_ call: StatementCall) throws(PostgresError) -> Int { try connected().run(call) }

    /// Runs statements in one round trip, as one implicit transaction unless one is open. The numbers of rows.
    @discardableResult
    package func pipeline(_ calls: [StatementCall]) throws(PostgresError) -> [Int] { try connected().pipeline(calls) }

    /// As `pipeline`, reading the rows of the last statement.
    package func pipeline<Row: Sendable>(
        _ calls: [StatementCall], readingLast read: @Sendable (PostgresRow) throws(PostgresError) -> Row
    ) throws(PostgresError) -> [Row] {
        try connected().pipeline(calls, readingLast: read)
    }

    /// Runs a script of several statements in the simple protocol.
    package func run(script: String) throws(PostgresError) { try connected().script(script) }

    /// Runs `body` between begin and commit, on this connection's thread without interruption; rolls back if it throws.
    ///
    /// `first` statements, such as settings, go with the begin in one round trip.
    package func transaction<Value: Sendable>(
        first: [StatementCall] = [],
        _ body: @Sendable (isolated PostgresConnection) throws(PostgresError) -> Value
    ) throws(PostgresError) -> Value {
        precondition(!isInTransaction, "transactions do not nest")
        try pipeline([StatementCall(.begin)] + first)
        isInTransaction = true
        do throws(PostgresError) {
            let value = try body(self)
            try execute(StatementCall(.commit))
            isInTransaction = false
            return value
        } catch {
            isInTransaction = false
            rollBack()
            throw error
        }
    }

    /// A transaction whose last statements go with the commit in one round trip: `body` returns them.
    package func transaction<Value: Sendable>(
        first: [StatementCall] = [],
        committing body: @Sendable (isolated PostgresConnection) throws(PostgresError) -> (Value, [StatementCall])
    ) throws(PostgresError) -> Value {
        precondition(!isInTransaction, "transactions do not nest")
        try pipeline([StatementCall(.begin)] + first)
        isInTransaction = true
        do throws(PostgresError) {
            let (value, last) = try body(self)
            try pipeline(last + [StatementCall(.commit)])
            isInTransaction = false
            return value
        } catch {
            isInTransaction = false
            rollBack()
            throw error
        }
    }

    /// `COPY … FROM STDIN`: sends `data` in the text format. The number of rows.
    @discardableResult
    package func copyIn(_ statement: Statement, data: [UInt8]) throws(PostgresError) -> Int {
        try connected().copyIn(statement, data: data)
    }

    /// Asks the server, from any thread, to cancel what this connection is doing now.
    package nonisolated func cancel() { canceller.cancel() }

    package func close() {
        canceller.set(nil)
        session = nil
    }

    /// The process id of the server's side, for tests and for the operator.
    package func serverProcess() throws(PostgresError) -> Int { try connected().serverProcess }

    private func rollBack() {
        guard let session, session.isAlive else { return }
        do throws(PostgresError) {
            try session.script("rollback")
        } catch {
            // A connection that cannot roll back is given up: the server rolls back when it ends.
            close()
        }
    }

    private func connected() throws(PostgresError) -> PostgresSession {
        if let session {
            if session.isAlive { return session }
            if isInTransaction { throw PostgresError(.disconnected, "the connection broke within the transaction") }
            close()
        }
        let session = try PostgresSession(configuration)
        if !configuration.setup.isEmpty { try session.script(configuration.setup) }
        self.session = session
        canceller.set(session)
        return session
    }
}

extension Statement {
    package static let begin = Statement("begin")
    package static let commit = Statement("commit")
}

/// Holds what is needed to cancel, for other threads.
private final class Canceller: Sendable {
    private let token = Mutex<CancelToken?>(nil)

    func set(_ session: PostgresSession?) { token.withLock { $0 = session?.makeCancelToken() } }
    func cancel() { token.withLock { $0?.cancel() } }
}
