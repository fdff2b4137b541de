import Foundation
import Synchronization

/// Stands between a function and Postgres, knows which statement is under way, for each is prepared under its name, and makes a chosen
/// one fail. The failures are the server's own, at the place where the statement stands, or a connection that really breaks.
///
/// Reads the frontend/backend protocol, version 3 (https://www.postgresql.org/docs/15/protocol-message-formats.html).
public final class PostgresProxy: Sendable {
    public enum Fault: String, CaseIterable, Sendable {
        case cancelled
        case lockTimeout
        case deadlock
        case closedBeforeCommit
        case closedAfterCommit

        /// What is run in the statement's place.
        fileprivate var replacement: String? {
            switch self {
            // A session that has taken a lesser role may not cancel itself; its end of the transaction takes the role back.
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
    public var port: Int { proxy.port }

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

    public func stop() { proxy.stop() }
    /// Breaks every connection.
    public func closeAll() { proxy.closeAll() }

    /// The names of the statements that were run.
    public var seen: Set<String> { shared.state.withLock { $0.seen } }
    /// Makes the next run of a statement fail.
    public func arm(_ statement: String, _ fault: Fault) { shared.state.withLock { $0.armed = (statement, fault) } }
    /// Whether the armed statement has not been run yet.
    public var isArmed: Bool { shared.state.withLock { $0.armed != nil } }
    public func disarm() { shared.state.withLock { $0.armed = nil } }

    /// One connection's state; each direction is read by one thread.
    private final class Connection: Sendable {
        private struct State {
            var fromClient: [UInt8] = []
            var isStarted = false
            /// Until the end of the statement that was replaced.
            var isDropping = false
            var fromServer: [UInt8] = []
            /// Answers to requests for encryption: a byte each, before the protocol begins.
            var rawBytes = 0
            /// Nothing is passed on from the next idle session on.
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

        /// False: the connection is to be closed.
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

        /// Parse, bind, describe and execute of a statement without name or parameters.
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

    /// What a script of the simple protocol goes by: its first words, without numbers.
    public static func name(ofScript text: String) -> String {
        "script: "
            + text.split { $0 == " " || $0 == "\n" || $0 == "_" }.filter { $0.allSatisfy { !$0.isNumber } }.prefix(5)
            .joined(separator: " ")
    }
}
