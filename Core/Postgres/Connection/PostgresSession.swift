private import CLibpq
private import Model

/// Owns a libpq connection. Used by one actor only, on its thread.
@safe final class PostgresSession {
    private let connection: OpaquePointer
    private let preparesStatements: Bool
    private var prepared: Set<String> = []
    private var verified: Set<VerifiedColumns> = []
    private let notices: NoticeReceiver

    init(_ configuration: PostgresConnection.Configuration) throws(PostgresError) {
        let keywords = ["dbname", "application_name", "connect_timeout", "client_encoding"]
        let seconds = max(1, configuration.connectTimeout.microseconds / 1_000_000)
        let values = [configuration.url, configuration.applicationName, "\(seconds)", "UTF8"]
        let opened = unsafe withCStrings(keywords) { keywords in
            unsafe withCStrings(values) { values in unsafe PQconnectdbParams(keywords, values, 1) }
        }
        guard let connection = unsafe opened else { throw PostgresError(.disconnected, "out of memory") }
        guard unsafe PQstatus(connection) == CONNECTION_OK else {
            let message = unsafe trimmed(PQerrorMessage(connection))
            unsafe PQfinish(connection)
            throw PostgresError(.disconnected, message)
        }
        unsafe self.connection = connection
        preparesStatements = configuration.preparesStatements
        notices = NoticeReceiver(configuration.onNotice)
        unsafe PQsetNoticeReceiver(
            connection,
            { context, result in
                let receiver = unsafe Unmanaged<NoticeReceiver>.fromOpaque(context!).takeUnretainedValue()
                receiver.receive(unsafe trimmed(PQresultErrorField(result, Int32(UInt8(ascii: "M")))))
            }, Unmanaged.passUnretained(notices).toOpaque())
    }

    deinit { unsafe PQfinish(connection) }

    var isAlive: Bool { unsafe PQstatus(connection) == CONNECTION_OK }

    /// What the session has open on the server.
    enum TransactionStatus {
        case idle
        /// A transaction, intact or failed.
        case inTransaction
        /// The session is broken or has replies pending, and can take no further statement.
        case unusable
    }

    /// Whether the session can take another statement, and whether a transaction is open.
    var transactionStatus: TransactionStatus {
        guard isAlive, unsafe PQpipelineStatus(connection) == PQ_PIPELINE_OFF else { return .unusable }
        switch unsafe PQtransactionStatus(connection) {
        case PQTRANS_IDLE: return .idle
        case PQTRANS_INTRANS, PQTRANS_INERROR: return .inTransaction
        default: return .unusable
        }
    }

    var serverProcess: Int { unsafe Int(PQbackendPID(connection)) }

    func makeCancelToken() -> CancelToken? { unsafe PQgetCancel(connection).map { unsafe CancelToken($0) } }

    func run<Column, Row>(
        _ call: StatementCall, _ read: (PostgresRow<Column>) throws(PostgresError) -> Row
    ) throws(PostgresError) -> [Row] {
        try prepare(call)
        let result = try checked(send(call), call.statement)
        try verify(result, of: call.statement, has: Column.self)
        return try result.rows(read)
    }

    func run(_ call: StatementCall) throws(PostgresError) -> Int {
        try prepare(call)
        return try checked(send(call), call.statement).affectedRows
    }

    func script(_ text: String) throws(PostgresError) {
        _ = try checked(unsafe ResultOwner(PQexec(connection, text)), Statement("script", []))
    }

    /// Sends everything, then reads all replies: one round trip. Each part is an implicit transaction of its own unless
    /// one is open: a failure skips the rest of its part but not the later parts. The first failure is thrown once
    /// every reply has been read. Returns the row counts of all statements, in order.
    @discardableResult
    func pipeline(_ parts: [[StatementCall]]) throws(PostgresError) -> [Int] {
        var counts: [Int] = []
        try pipeline(parts) { result, _ in counts.append(result.affectedRows) }
        return counts
    }

    /// As `pipeline(_:)`, but gives every result to `read`, in order.
    private func pipeline(
        _ parts: [[StatementCall]], _ read: (borrowing ResultOwner, Statement) throws(PostgresError) -> Void
    ) throws(PostgresError) {
        for part in parts { for call in part { try prepare(call) } }
        guard unsafe PQenterPipelineMode(connection) == 1 else { throw failure(nil) }
        for part in parts {
            for call in part { guard enqueue(call) else { throw failure(call.statement) } }
            guard unsafe PQpipelineSync(connection) == 1 else { throw failure(nil) }
        }
        var failed: PostgresError?
        for part in parts {
            for call in part {
                do throws(PostgresError) {
                    let result = try checked(unsafe ResultOwner(PQgetResult(connection)), call.statement)
                    try read(result, call.statement)
                } catch {
                    if !isAlive { throw error }
                    failed = failed ?? error
                }
                // Each statement's results end with a null result.
                _ = unsafe ResultOwner(PQgetResult(connection))
            }
            // The reply to the part's sync.
            _ = unsafe ResultOwner(PQgetResult(connection))
        }
        guard unsafe PQexitPipelineMode(connection) == 1 else { throw failure(nil) }
        if let failed { throw failed }
    }

    /// Begins a transaction and runs two statements in it, in one round trip; returns their rows.
    func beginReading<FirstColumn, First, SecondColumn, Second>(
        _ first: StatementCall, _ readFirst: (PostgresRow<FirstColumn>) throws(PostgresError) -> First,
        _ second: StatementCall, _ readSecond: (PostgresRow<SecondColumn>) throws(PostgresError) -> Second
    ) throws(PostgresError) -> ([First], [Second]) {
        var (firstRows, secondRows): ([First], [Second]) = ([], [])
        var place = 0
        try pipeline([[.begin], [first, second]]) { result, statement throws(PostgresError) in
            defer { place += 1 }
            switch place {
            case 1:
                try verify(result, of: statement, has: FirstColumn.self)
                firstRows = try result.rows(readFirst)
            case 2:
                try verify(result, of: statement, has: SecondColumn.self)
                secondRows = try result.rows(readSecond)
            default: break
            }
        }
        return (firstRows, secondRows)
    }

    func copyIn(_ statement: Statement, data: [UInt8]) throws(PostgresError) -> Int {
        let start = unsafe ResultOwner(PQexec(connection, statement.text))
        guard start.status == PGRES_COPY_IN else {
            _ = try checked(start, statement)
            throw PostgresError(.unexpectedValue, statement: statement.name, "the statement is not COPY FROM STDIN")
        }
        let code = unsafe data.withUnsafeBytes { bytes in
            unsafe PQputCopyData(connection, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(bytes.count))
        }
        guard code == 1, unsafe PQputCopyEnd(connection, nil) == 1 else { throw failure(statement) }
        let end = unsafe ResultOwner(PQgetResult(connection))
        _ = unsafe ResultOwner(PQgetResult(connection))
        return try checked(end, statement).affectedRows
    }

    // MARK: Sending

    private func prepare(_ call: StatementCall) throws(PostgresError) {
        let statement = call.statement
        guard preparesStatements, !prepared.contains(statement.name) else { return }
        let types = call.parameters.map(\.type)
        let result = unsafe ResultOwner(
            PQprepare(connection, statement.name, statement.text, Int32(types.count), types))
        _ = try checked(result, statement)
        prepared.insert(statement.name)
    }

    private func send(_ call: StatementCall) -> ResultOwner {
        let result: OpaquePointer? = unsafe withParameters(call.parameters) { values, lengths, formats in
            let count = Int32(call.parameters.count)
            if preparesStatements {
                return unsafe PQexecPrepared(
                    connection, call.statement.name, count, values, lengths, formats, 1)
            }
            let types = call.parameters.map(\.type)
            return unsafe PQexecParams(
                connection, call.statement.text, count, types, values, lengths, formats, 1)
        }
        return unsafe ResultOwner(result)
    }

    private func enqueue(_ call: StatementCall) -> Bool {
        unsafe withParameters(call.parameters) { values, lengths, formats in
            let count = Int32(call.parameters.count)
            if preparesStatements {
                return unsafe PQsendQueryPrepared(
                    connection, call.statement.name, count, values, lengths, formats, 1) == 1
            }
            let types = call.parameters.map(\.type)
            return unsafe PQsendQueryParams(
                connection, call.statement.text, count, types, values, lengths, formats, 1) == 1
        }
    }

    // MARK: Columns

    private struct VerifiedColumns: Hashable {
        var statement: String
        var columns: ObjectIdentifier
    }

    /// Compares the names of a result's columns with those that the code reads, once for each statement.
    private func verify<Column: ResultColumn>(
        _ result: borrowing ResultOwner, of statement: Statement, has: Column.Type
    ) throws(PostgresError) {
        let key = VerifiedColumns(statement: statement.name, columns: ObjectIdentifier(Column.self))
        if verified.contains(key) { return }
        if let mismatch = Column.mismatch(with: result.columnNames) {
            throw PostgresError(.unexpectedValue, statement: statement.name, mismatch)
        }
        verified.insert(key)
    }

    // MARK: Errors

    private func checked(_ result: consuming ResultOwner, _ statement: Statement) throws(PostgresError) -> ResultOwner {
        switch result.status {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY, PGRES_PIPELINE_SYNC: return result
        case PGRES_PIPELINE_ABORTED:
            throw PostgresError(.refused, statement: statement.name, sqlState: "25P02", "an earlier statement failed")
        default:
            guard isAlive, let error = result.error(statement) else { throw failure(statement) }
            throw error
        }
    }

    private func failure(_ statement: Statement?) -> PostgresError {
        PostgresError(.disconnected, statement: statement?.name, unsafe trimmed(PQerrorMessage(connection)))
    }
}

/// Owns a libpq result, which may be null.
@safe struct ResultOwner: ~Copyable {
    private let result: OpaquePointer?

    init(_ result: OpaquePointer?) { unsafe self.result = result }
    deinit { unsafe PQclear(result) }

    fileprivate var status: ExecStatusType { unsafe PQresultStatus(result) }
    var affectedRows: Int {
        let text = unsafe String(cString: PQcmdTuples(result))
        return Int(text) ?? 0
    }

    var columnNames: [String] {
        (0..<(unsafe PQnfields(result))).map { unsafe String(cString: PQfname(result, $0)) }
    }

    func rows<Column, Row>(
        _ read: (PostgresRow<Column>) throws(PostgresError) -> Row
    ) throws(PostgresError) -> [Row] {
        guard let result = unsafe result else { return [] }
        let count = unsafe PQntuples(result)
        var rows: [Row] = []
        rows.reserveCapacity(Int(count))
        for index in 0..<count { rows.append(try read(unsafe PostgresRow(result: result, index: index))) }
        return rows
    }

    func error(_ statement: Statement) -> PostgresError? {
        guard let state = field("C") else { return nil }
        return PostgresError(
            state == "57014" ? .cancelled : state.hasPrefix("57P") ? .disconnected : .refused,
            statement: statement.name,
            sqlState: state, constraint: field("n"), field("M") ?? "")
    }

    private func field(_ code: Unicode.Scalar) -> String? {
        unsafe PQresultErrorField(result, Int32(code.value)).map { unsafe String(cString: $0) }
    }
}

/// What `PQcancel` needs; independent of the connection.
@safe final class CancelToken: @unchecked Sendable {
    // Safe to share: PQcancel may be called from any thread, and the pointer never changes.
    private let token: OpaquePointer

    init(_ token: OpaquePointer) { unsafe self.token = token }
    deinit { unsafe PQfreeCancel(token) }

    func cancel() {
        var buffer = [CChar](repeating: 0, count: 256)
        // If the cancel cannot be sent the statement simply goes on.
        _ = unsafe PQcancel(token, &buffer, 256)
    }
}

final class NoticeReceiver {
    let receive: (String) -> Void
    init(_ receive: @escaping (String) -> Void) { self.receive = receive }
}

private func trimmed(_ text: UnsafePointer<CChar>?) -> String {
    guard let text = unsafe text else { return "" }
    var string = unsafe String(cString: text)
    while string.last?.isNewline == true { string.removeLast() }
    return string.split(separator: "\n").joined(separator: "; ")
}

/// Calls `body` with a null-terminated array of C strings.
private func withCStrings<Value>(
    _ strings: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Value
) -> Value {
    var bytes: [CChar] = []
    var offsets: [Int] = []
    for string in strings {
        offsets.append(bytes.count)
        bytes.append(contentsOf: string.utf8CString)
    }
    return unsafe bytes.withUnsafeBufferPointer { buffer in
        var pointers: [UnsafePointer<CChar>?] = unsafe offsets.map { unsafe buffer.baseAddress! + $0 }
        unsafe pointers.append(nil)
        return unsafe pointers.withUnsafeBufferPointer { unsafe body($0.baseAddress!) }
    }
}

/// Calls `body` with the arrays that libpq takes for binary parameters.
private func withParameters<Value>(
    _ parameters: [PostgresValue],
    _ body: (UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<Int32>, UnsafePointer<Int32>) -> Value
) -> Value {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(parameters.reduce(0) { $0 + ($1.bytes?.count ?? 0) + 1 })
    var offsets: [Int?] = []
    var lengths: [Int32] = []
    for parameter in parameters {
        offsets.append(parameter.bytes.map { _ in bytes.count })
        lengths.append(Int32(parameter.bytes?.count ?? 0))
        bytes.append(contentsOf: parameter.bytes ?? [])
        // Gives an empty value at the end an address of its own.
        bytes.append(0)
    }
    let formats = [Int32](repeating: 1, count: max(1, parameters.count))
    if lengths.isEmpty { lengths.append(0) }
    return unsafe bytes.withUnsafeBytes { buffer in
        var pointers: [UnsafePointer<CChar>?] = unsafe offsets.map { offset in
            unsafe offset.map { unsafe (buffer.baseAddress! + $0).assumingMemoryBound(to: CChar.self) }
        }
        unsafe pointers.append(nil)
        return unsafe pointers.withUnsafeBufferPointer { pointers in
            unsafe lengths.withUnsafeBufferPointer { lengths in
                unsafe formats.withUnsafeBufferPointer { formats in
                    unsafe body(pointers.baseAddress!, lengths.baseAddress!, formats.baseAddress!)
                }
            }
        }
    }
}
