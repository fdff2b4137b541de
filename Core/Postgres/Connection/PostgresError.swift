import Store

/// Why Postgres could not be reached, or what it refused.
package struct PostgresError: StoreError {
    /// What kind of failure it was.
    package enum Code: String, Sendable {
        /// There was no connection, it broke during the call, or the server shut down (SQLSTATE 57P…): a commit may
        /// have taken effect.
        case disconnected
        /// The statement was cancelled (SQLSTATE 57014), by `PostgresConnection.cancel` or its timeout; or a claim was
        /// given up before its commit.
        case cancelled
        /// The server refused the statement; `sqlState` says why.
        case refused
        /// A value or result has another form than the code expects.
        case unexpectedValue
    }

    /// The kind of failure.
    package var code: Code
    /// The statement's name, never its values.
    package var statement: String?
    /// Five characters (<https://www.postgresql.org/docs/15/errcodes-appendix.html>); nil if the error did not come
    /// from the server.
    package var sqlState: String?
    /// The violated constraint, if any.
    package var constraint: String?
    /// The server's or libpq's primary message; its detail, which may quote values, is left out.
    package var message: String

    /// An error of this kind; what else is known about it is optional.
    package init(
        _ code: Code, statement: String? = nil, sqlState: String? = nil, constraint: String? = nil, _ message: String
    ) {
        self.code = code
        self.statement = statement
        self.sqlState = sqlState
        self.constraint = constraint
        self.message = message
    }

    /// Whether the same transaction may succeed when repeated: lost connections, a server that is starting or stopping,
    /// cancelled statements, serialization failures, deadlocks, lock timeouts, rows that moved to another partition.
    package var isRetryable: Bool {
        if code == .disconnected || code == .cancelled { return true }
        guard let sqlState else { return false }
        return ["40001", "40P01", "55P03", "57P01", "57P02", "57P03", "53300"].contains(sqlState)
            || sqlState.hasPrefix("08") || isMovedRow
    }
    /// An update of the locked row's shard moved it to another partition; the server reports this only in its message.
    private var isMovedRow: Bool { message.contains("moved to another partition") }
    /// A value or a constraint is at fault (SQLSTATE 22… or 23…): repeating does not help, leaving out the row may.
    package var isDataError: Bool { sqlState.map { $0.hasPrefix("22") || $0.hasPrefix("23") } ?? false }
    /// A text has a character that the database cannot store, such as U+0000 (SQLSTATE 22021 or 22P05).
    package var isTextError: Bool { sqlState == "22021" || sqlState == "22P05" }
    /// Whether the code is `cancelled`.
    package var isCancelled: Bool { code == .cancelled }

    /// Code, statement name, SQLSTATE and message; never values.
    package var description: String {
        "Postgres: \(code.rawValue)\(statement.map { " in \($0)" } ?? "")\(sqlState.map { " [\($0)]" } ?? ""): \(message)"
    }
}
