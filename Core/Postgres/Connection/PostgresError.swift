import Store

/// Why Postgres could not be asked, or what it refused.
package struct PostgresError: StoreError {
    package enum Code: String, Sendable {
        /// No connection, or it broke during the call: a commit may have taken effect.
        case disconnected
        /// The call was cancelled.
        case cancelled
        /// The server refused the statement; `sqlState` says why.
        case refused
        /// A value came back in another form than the code expects.
        case unexpectedValue
    }

    package var code: Code
    /// The statement's name, never its values.
    package var statement: String?
    /// Five characters: <https://www.postgresql.org/docs/15/errcodes-appendix.html>.
    package var sqlState: String?
    /// The constraint that was violated, where one was.
    package var constraint: String?
    /// The server's or libpq's primary message; its detail, which may quote values, is left out.
    package var message: String

    package init(
        _ code: Code, statement: String? = nil, sqlState: String? = nil, constraint: String? = nil, _ message: String
    ) {
        self.code = code
        self.statement = statement
        self.sqlState = sqlState
        self.constraint = constraint
        self.message = message
    }

    /// Whether the same transaction may succeed when repeated: lost connections, a server that starts or stops, a statement
    /// that was cancelled, serialization failures, deadlocks, lock timeouts, a row that moved to another partition.
    package var isRetryable: Bool {
        if code == .disconnected || code == .cancelled { return true }
        guard let sqlState else { return false }
        return ["40001", "40P01", "55P03", "57P01", "57P02", "57P03", "53300"].contains(sqlState)
            || sqlState.hasPrefix("08") || isMovedRow
    }
    /// The locked row was moved to another partition by an update of its shard.
    private var isMovedRow: Bool { message.contains("moved to another partition") }
    /// A value or a constraint is at fault: repeating the statement cannot help, leaving out the row may.
    package var isDataError: Bool { sqlState.map { $0.hasPrefix("22") || $0.hasPrefix("23") } ?? false }
    /// A text has a character that the database cannot store, such as U+0000.
    package var isTextError: Bool { sqlState == "22021" || sqlState == "22P05" }
    package var isCancelled: Bool { code == .cancelled }

    package var description: String {
        "Postgres: \(code.rawValue)\(statement.map { " in \($0)" } ?? "")\(sqlState.map { " [\($0)]" } ?? ""): \(message)"
    }
}
