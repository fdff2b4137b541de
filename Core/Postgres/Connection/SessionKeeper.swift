import Model
private import Synchronization

/// Manages the session behind a connection: opens it on demand, ends it when it is broken, and begins and ends
/// transactions. Used by one actor only, on its thread.
///
/// After every failure the session is clean or closed, whatever the caller does with the error (protocols.md, 25a).
final class SessionKeeper {
    private let configuration: PostgresConnection.Configuration
    private let canceller: SessionCanceller
    private var session: PostgresSession?
    private var transaction = TransactionState.none
    /// The owner relies on this session's state, so it must not be replaced silently.
    private var isHeld = false

    /// The state of the caller's transaction.
    private enum TransactionState {
        case none
        case open
        /// One of its statements failed and it was rolled back; its body has not returned yet.
        case failed
    }

    init(_ configuration: PostgresConnection.Configuration, canceller: SessionCanceller) {
        self.configuration = configuration
        self.canceller = canceller
    }

    /// Runs a caller's statements on the session, and cleans up after a failure.
    @discardableResult
    func withSession<Value>(
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

    /// As `PostgresConnection.transaction(first:committing:)`.
    func inTransaction<Value>(
        first: [StatementCall],
        _ body: (PostgresTransaction) throws(PostgresError) -> (Value, [StatementCall])
    ) throws(PostgresError) -> Value {
        precondition(transaction == .none, "transactions do not nest")
        try withSession { session throws(PostgresError) in
            // Begin in a pipeline part of its own, so that it takes effect even if a `first` statement fails.
            try session.pipeline(first.isEmpty ? [[.begin]] : [[.begin], first])
        }
        transaction = .open
        do throws(PostgresError) {
            let (value, last) = try body(PostgresTransaction(self))
            try withSession { session throws(PostgresError) in try session.pipeline([last + [.commit]]) }
            transaction = .none
            return value
        } catch {
            transaction = .none
            if let session { clean(session) }
            throw error
        }
    }

    /// As `PostgresConnection.transaction(reading:_:_:_:_:)`.
    func inTransaction<FirstColumn, First, SecondColumn, Second, Value>(
        reading first: StatementCall, _ readFirst: (PostgresRow<FirstColumn>) throws(PostgresError) -> First,
        _ second: StatementCall, _ readSecond: (PostgresRow<SecondColumn>) throws(PostgresError) -> Second,
        _ body: ([First], [Second]) -> (Value, [StatementCall])
    ) throws(PostgresError) -> Value {
        precondition(transaction == .none, "transactions do not nest")
        let (firstRows, secondRows) = try withSession { session throws(PostgresError) in
            // Whatever fails, `withSession` rolls back what was begun.
            try session.beginReading(first, readFirst, second, readSecond)
        }
        transaction = .open
        defer { transaction = .none }
        let (value, last) = body(firstRows, secondRows)
        try withSession { session throws(PostgresError) in try session.pipeline([last + [.commit]]) }
        return value
    }

    func holdSession() throws(PostgresError) {
        _ = try connected()
        isHeld = true
    }

    func close() {
        isHeld = false
        endSession()
    }

    /// Rolls back an open transaction; ends a session that cannot be rolled back or has replies pending.
    private func clean(_ session: PostgresSession) {
        if session.transactionStatus == .inTransaction {
            // If the rollback fails the session is ended below, and the server rolls back.
            try? session.script("rollback")
        }
        if session.transactionStatus != .idle { endSession() }
    }

    private func endSession() {
        canceller.set(nil)
        session = nil
    }

    private func connected() throws(PostgresError) -> PostgresSession {
        if transaction == .failed {
            throw PostgresError(
                .refused, sqlState: "25P02", "an earlier statement failed, so the transaction was rolled back")
        }
        if let session {
            if session.isAlive { return session }
            endSession()
        }
        if transaction == .open { throw PostgresError(.disconnected, "the connection was lost during the transaction") }
        if isHeld { throw PostgresError(.disconnected, "the session was lost, and its locks with it") }
        let session = try PostgresSession(configuration)
        if !configuration.setup.isEmpty { try session.script(configuration.setup) }
        self.session = session
        canceller.set(session)
        return session
    }
}

extension SessionKeeper {
    /// The single column of each row that a statement returns.
    func values<Value>(_ call: StatementCall, _ type: ColumnType<Value>) throws(PostgresError) -> [Value] {
        try withSession { session throws(PostgresError) in
            try session.run(call) { (row: PostgresRow<SingleColumn>) throws(PostgresError) in
                try row.required(.value) { _ throws(PostgresError) in try type.read(row) }
            }
        }
    }

    /// The database's clock.
    func now() throws(PostgresError) -> Timestamp {
        guard let now = try values(StatementCall(.now), .time).first else {
            throw PostgresError(.unexpectedValue, statement: "now", "no row")
        }
        return now
    }
}

extension StatementCall {
    /// For `inTransaction` alone: used elsewhere, a failing statement would leave the transaction open.
    static let begin = StatementCall(Statement("begin"))
    fileprivate static let commit = StatementCall(Statement("commit"))
}

/// Holds the cancel token of the current session, for other threads.
final class SessionCanceller: Sendable {
    private let token = Mutex<CancelToken?>(nil)

    func set(_ session: PostgresSession?) { token.withLock { $0 = session?.makeCancelToken() } }
    func cancel() { token.withLock { $0?.cancel() } }
}
