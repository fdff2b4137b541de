import Foundation
import Synchronization

/// A proxy between a function and Postgres that makes a chosen statement fail. It recognises statements by the names
/// under which they are prepared. The errors are the server's own, raised in the statement's place, or the connection
/// really breaks.
///
/// Reads the frontend/backend protocol, version 3 (https://www.postgresql.org/docs/15/protocol-message-formats.html).
public final class PostgresProxy: Sendable {
    /// How a statement fails.
    public enum Fault: String, CaseIterable, Sendable {
        /// The server cancels it, as on a statement timeout.
        case cancelled
        /// SQLSTATE 55P03.
        case lockTimeout
        /// SQLSTATE 40P01.
        case deadlock
        /// The connection breaks before the statement reaches the server.
        case closedBeforeCommit
        /// The connection breaks when the session is next idle, before the client hears of it.
        case closedAfterCommit

        /// The SQL to run in the statement's place; nil: the connection breaks.
        fileprivate var replacement: String? {
            switch self {
            // A session in a lesser role may not cancel itself. The role comes back with the end of the transaction.
            case .cancelled:
                "do $$ begin reset role; perform pg_cancel_backend(pg_backend_pid()); perform pg_sleep(5); end $$"
            case .lockTimeout: "do $$ begin raise exception 'lock timeout' using errcode = '55P03'; end $$"
            case .deadlock: "do $$ begin raise exception 'deadlock' using errcode = '40P01'; end $$"
            case .closedBeforeCommit, .closedAfterCommit: nil
            }
        }
    }

    private struct State {
        var seen: Set<String> = []
        var armed: (statement: String, fault: Fault)?
    }
    private final class Shared: Sendable {
        let state = Mutex(State())
    }

    private let shared: Shared
    private let proxy: TCPProxy
    /// The port that it listens on.
    public var port: Int { proxy.port }

    /// Listens on a free port and passes connections on to the server at `port`.
    public init(to port: Int) throws {
        let shared = Shared()
        self.shared = shared
        proxy = try TCPProxy(to: port) {
            let connection = Connection(
                saw: { name in
                    shared.state.withLock { state in
                        state.seen.insert(name)
                        guard let armed = state.armed, armed.statement == name else { return nil }
                        state.armed = nil
                        return armed.fault
                    }
                })
            return { direction, bytes in
                direction == .toServer ? connection.toServer(bytes) : connection.toClient(bytes)
            }
        }
    }

    /// Stops listening and breaks every connection.
    public func stop() { proxy.stop() }
    /// Breaks every connection.
    public func closeAll() { proxy.closeAll() }

    /// The names of the statements that were run so far.
    public var seen: Set<String> { shared.state.withLock { $0.seen } }
    /// Makes the next run of a statement fail; it replaces a fault that is still armed.
    public func arm(_ statement: String, _ fault: Fault) { shared.state.withLock { $0.armed = (statement, fault) } }
    /// Whether the armed statement is still to be run.
    public var isArmed: Bool { shared.state.withLock { $0.armed != nil } }
    /// Lets the armed statement pass.
    public func disarm() { shared.state.withLock { $0.armed = nil } }

    /// The state of one connection; each direction is read by a thread of its own.
    private final class Connection: Sendable {
        private struct State {
            var fromClient: [UInt8] = []
            var isStarted = false
            /// Whether the rest of a replaced statement is being dropped.
            var isDropping = false
            var fromServer: [UInt8] = []
            /// Answers to requests for encryption, one byte each, that precede the protocol.
            var rawBytes = 0
            /// Whether to break the connection as soon as its session is idle again.
            var isEndingAtIdle = false
            var held: [UInt8] = []
        }
        private let state = Mutex(State())
        private let saw: @Sendable (String) -> Fault?

        init(saw: @escaping @Sendable (String) -> Fault?) { self.saw = saw }

        func toServer(_ bytes: [UInt8]) -> TCPProxy.Verdict {
            state.withLock { state in
                state.fromClient += bytes
                var out: [UInt8] = []
                while let message = Connection.takeMessage(&state.fromClient, hasType: state.isStarted) {
                    guard pass(message, &state, &out) else { return .close }
                }
                return .pass(out)
            }
        }

        /// Appends what to pass on; false: close the connection.
        private func pass(_ message: [UInt8], _ state: inout State, _ out: inout [UInt8]) -> Bool {
            guard state.isStarted else {
                let code = Connection.number(message[4..<8])
                if code == 196_608 { state.isStarted = true } else { state.rawBytes += 1 }
                out += message
                return true
            }
            switch message[0] {
            case UInt8(ascii: "B"):
                let body = message[5...]
                let portal = body.prefix { $0 != 0 }.count
                let name = String(decoding: body.dropFirst(portal + 1).prefix { $0 != 0 }, as: UTF8.self)
                guard let fault = name.isEmpty ? nil : saw(name) else { break }
                if let text = fault.replacement {
                    state.isDropping = true
                    out += Connection.execution(of: text)
                    return true
                }
                if fault == .closedBeforeCommit { return false }
                state.isEndingAtIdle = true
            case UInt8(ascii: "D"), UInt8(ascii: "E"):
                guard state.isDropping else { break }
                if message[0] == UInt8(ascii: "E") { state.isDropping = false }
                return true
            case UInt8(ascii: "Q"):
                let text = String(decoding: message[5...].dropLast(), as: UTF8.self)
                guard let fault = saw(PostgresProxy.name(ofScript: text)) else { break }
                if let replacement = fault.replacement {
                    out += Connection.message("Q", Array(replacement.utf8) + [0])
                    return true
                }
                if fault == .closedBeforeCommit { return false }
                state.isEndingAtIdle = true
            default: break
            }
            out += message
            return true
        }

        func toClient(_ bytes: [UInt8]) -> TCPProxy.Verdict {
            state.withLock { state in
                state.fromServer += bytes
                var out: [UInt8] = []
                while state.rawBytes > 0, !state.fromServer.isEmpty {
                    out.append(state.fromServer.removeFirst())
                    state.rawBytes -= 1
                }
                while let message = Connection.takeMessage(&state.fromServer, hasType: true) {
                    state.held += message
                    let isReady = message[0] == UInt8(ascii: "Z")
                    if isReady, state.isEndingAtIdle, message[5] == UInt8(ascii: "I") { return .close }
                    if isReady || !state.isEndingAtIdle {
                        out += state.held
                        state.held = []
                    }
                }
                return .pass(out)
            }
        }

        /// Parse, bind, describe and execute for a statement without name or parameters.
        private static func execution(of text: String) -> [UInt8] {
            message("P", [0] + Array(text.utf8) + [0, 0, 0]) + message("B", [0, 0, 0, 0, 0, 0, 0, 0])
                + message("D", [UInt8(ascii: "P"), 0]) + message("E", [0, 0, 0, 0, 0])
        }

        private static func message(_ type: Unicode.Scalar, _ body: [UInt8]) -> [UInt8] {
            let length = UInt32(body.count + 4)
            return [UInt8(type.value)] + (0..<4).map { UInt8(truncatingIfNeeded: length >> UInt32(24 - 8 * $0)) } + body
        }

        private static func number(_ bytes: ArraySlice<UInt8>) -> Int { bytes.reduce(0) { $0 << 8 | Int($1) } }

        private static func takeMessage(_ bytes: inout [UInt8], hasType: Bool) -> [UInt8]? {
            let start = hasType ? 1 : 0
            guard bytes.count >= start + 4 else { return nil }
            let length = start + number(bytes[start..<start + 4])
            guard bytes.count >= length else { return nil }
            defer { bytes.removeFirst(length) }
            return Array(bytes[..<length])
        }
    }

    /// The name of a script of the simple protocol: its first words, without numbers.
    public static func name(ofScript text: String) -> String {
        "script: "
            + text.split { $0 == " " || $0 == "\n" || $0 == "_" }.filter { $0.allSatisfy { !$0.isNumber } }.prefix(5)
            .joined(separator: " ")
    }
}
