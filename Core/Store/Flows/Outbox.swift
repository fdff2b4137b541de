package import Model

/// The history on its way out of the engine's database, as the flow-historian reads it (protocols.md, 20).
package protocol Outbox: Sendable {
    /// Names the database, so that a cursor is not used for another.
    func source() async throws -> String

    /// Takes the outbox for this historian; false: another has it. Held until the session ends, which makes every
    /// later call fail until `close`.
    func take() async throws -> Bool

    /// The transactions below which all have ended: what they wrote can be read completely.
    func bounds() async throws -> OutboxBounds

    /// A page of rows that transactions from `first` up to and without `end` wrote, in the order of their places: first
    /// of the table that is not in use, so that what an execution did earlier comes before what it did later.
    ///
    /// - Parameters:
    ///   - turn: the table in use.
    ///   - place: where to go on; nil: from the start.
    func page(
        from first: UInt64, upTo end: UInt64, turn: Int, after place: OutboxPlace?, limit: Int
    ) async throws -> OutboxPage

    /// Lets transactions that begin from now on write to the other table.
    func turn() async throws

    /// Empties the table that is not in use. Only for a table whose rows have all been read, and that no transaction
    /// can still write to. False: somebody holds it; try again later.
    func empty() async throws -> Bool

    /// Definitions by their ids.
    func definitions(_ ids: [DefinitionID]) async throws -> [DefinitionRow]

    /// Ends the session.
    func close() async
}

/// What can be read of the outbox now.
package struct OutboxBounds: Hashable, Sendable {
    /// Every transaction below it has ended.
    package var end: UInt64
    /// No transaction has an id as high or higher yet.
    package var next: UInt64
    /// The table in use: 0 or 1.
    package var turn: Int
    /// How large the tables are, in bytes: the one in use, and the other.
    package var current: Int
    package var other: Int

    /// Bounds of these parts.
    package init(end: UInt64, next: UInt64, turn: Int, current: Int, other: Int) {
        self.end = end
        self.next = next
        self.turn = turn
        self.current = current
        self.other = other
    }
}

/// A place in the outbox.
package struct OutboxPlace: Hashable, Sendable {
    /// 0 or 1.
    package var table: Int
    /// The row's address in the table, in the server's form.
    package var address: String

    /// A place in one of the tables.
    package init(table: Int, address: String) {
        self.table = table
        self.address = address
    }
}

/// A page of the outbox.
package struct OutboxPage: Sendable {
    package var rows: [HistoryRow]
    /// Where the next page begins; nil: this was the last.
    package var next: OutboxPlace?

    /// A page of these parts.
    package init(rows: [HistoryRow], next: OutboxPlace?) {
        self.rows = rows
        self.next = next
    }
}

/// The history's database, as the flow-historian writes it.
package protocol HistoryStore: Sendable {
    /// Up to which transaction a source has been read; nil: it is new here.
    func cursor(of source: String) async throws -> UInt64?

    /// Adds events, each once, and brings the summaries of their executions up to date, in one transaction.
    ///
    /// - Parameter summaries: of each execution of the rows, after its last.
    func add(_ rows: [HistoryRow], summaries: [ExecutionSummary]) async throws

    /// Says that everything of transactions below `xid` is in the history.
    func advance(_ source: String, to xid: UInt64, now: Timestamp) async throws

    /// Makes the partitions of a day, if they are missing.
    func addDay(_ day: Timestamp) async throws

    /// Drops what happened, and what ended, before a day.
    func dropDays(before day: Timestamp) async throws

    /// The database's clock.
    func now() async throws -> Timestamp

    /// Ends the session.
    func close() async
}

/// The history as the API reads it.
package protocol HistoryRegistry: Sendable {
    /// What is known of an execution; nil: nothing, or not yet.
    func summary(of id: ExecutionID, tenant: TenantID) async throws -> ExecutionSummary?

    /// Those of these executions that have ended, in any order.
    func ended(among ids: [ExecutionID], tenant: TenantID) async throws -> [EndedExecution]

    /// A page of executions, newest first.
    func summaries(_ filter: ExecutionFilter, tenant: TenantID) async throws -> [ExecutionSummary]

    /// Removes what is known of up to `limit` executions of a tenant; returns of how many.
    func erase(_ tenant: TenantID, limit: Int) async throws -> Int

    /// A page of an execution's events, in their order, from a number on.
    func events(of summary: ExecutionSummary, after seq: Int, limit: Int) async throws -> [HistoryRow]
}

/// What tells whether a start repeats that of an execution that has ended.
package struct EndedExecution: Hashable, Sendable {
    package var execution: ExecutionID
    package var definition: DefinitionID
    /// SHA-256 of the input without its secrets; nil: not known.
    package var digest: [UInt8]?

    /// An execution of these parts.
    package init(execution: ExecutionID, definition: DefinitionID, digest: [UInt8]?) {
        self.execution = execution
        self.definition = definition
        self.digest = digest
    }

    /// Whether a start has the same flow and input.
    package func isSame(as start: NewExecution) -> Bool {
        start.definition == definition && (digest == nil || digest == start.digest)
    }
}

/// Which executions a list shows.
package struct ExecutionFilter: Hashable, Sendable {
    package var flow: FlowName?
    package var status: ExecutionStatus?
    /// Created from this time on, and before that one.
    package var from: Timestamp?
    package var to: Timestamp?
    /// Only those after this one, in the order of the list.
    package var after: Place?
    package var limit: Int

    /// A place in the order of times of creation.
    package struct Place: Hashable, Sendable {
        package var createdAt: Timestamp
        package var execution: ExecutionID

        /// The place of an execution.
        package init(createdAt: Timestamp, execution: ExecutionID) {
            self.createdAt = createdAt
            self.execution = execution
        }
    }

    /// All executions, up to a limit.
    package init(limit: Int) { self.limit = limit }
}
