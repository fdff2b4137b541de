import Foundation
import Synchronization

/// A TCP server whose answers a test writes byte by byte, for what no proper HTTP server does.
///
/// Each connection has a thread of its own, which ends with the server at the latest.
public final class RawServer: Sendable {
    /// The port that it listens on.
    public let port: Int
    private let listener: Int32
    private let state = Mutex(State())

    private struct State {
        var connections: [Int32] = []
        var requests: [String] = []
        var isStopped = false
    }

    /// Listens on a loopback address, on a free port unless given. Calls `serve` for each connection, and closes the
    /// connection when that returns.
    public init(
        address: String = "127.0.0.1", port: Int = 0, _ serve: @escaping @Sendable (RawConnection) -> Void
    ) throws {
        listener = try RawServer.listen(address, port, backlog: 64)
        self.port = RawServer.port(of: listener)
        Thread.detachNewThread { [listener] in
            var number = 0
            while true {
                let socket = accept(listener, nil, nil)
                if socket < 0 { return }
                number += 1
                let connection = RawConnection(number: number, socket: socket, server: self)
                let isLate = self.state.withLock { state in
                    state.connections.append(socket)
                    return state.isStopped
                }
                if isLate { shutdown(socket, Int32(SHUT_RDWR)) }
                Thread.detachNewThread {
                    serve(connection)
                    connection.close()
                }
            }
        }
    }

    /// The requests read so far on all connections, each with head and body.
    public var requests: [String] { state.withLock { $0.requests } }

    /// Its URL, for a server on the default address.
    public var url: String { "http://127.0.0.1:\(port)" }

    /// Stops listening and shuts down all connections.
    public func stop() {
        state.withLock { state in
            state.isStopped = true
            for socket in state.connections { shutdown(socket, Int32(SHUT_RDWR)) }
        }
        shutdown(listener, Int32(SHUT_RDWR))
        Foundation.close(listener)
    }

    fileprivate func hasRead(_ request: String) { state.withLock { $0.requests.append(request) } }

    fileprivate func close(_ socket: Int32) {
        state.withLock { state in
            guard let index = state.connections.firstIndex(of: socket) else { return }
            state.connections.remove(at: index)
            Foundation.close(socket)
        }
    }

    /// A listening socket; closed by the caller.
    static func listen(_ address: String, _ port: Int, backlog: Int32) throws -> Int32 {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var one: Int32 = 1
        setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = UInt16(port).bigEndian
        name.sin_addr.s_addr = inet_addr(address)
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { Foundation.bind(socket, $0, length) }
        }
        guard result == 0, Foundation.listen(socket, backlog) == 0 else {
            throw TestServerError(description: "cannot listen on \(address):\(port): error \(errno)")
        }
        return socket
    }

    static func port(of socket: Int32) -> Int {
        var name = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &name) { pointer in
            _ = pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket, $0, &length) }
        }
        return Int(UInt16(bigEndian: name.sin_port))
    }
}

/// One connection to a `RawServer`.
public struct RawConnection: Sendable {
    /// From 1, in the order of arrival.
    public let number: Int
    let socket: Int32
    let server: RawServer

    /// The next request, with its body if it has a content length; nil if the client has closed.
    public func readRequest() -> String? {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(socket, &buffer, buffer.count, 0)
            if count <= 0 { return nil }
            bytes += buffer[..<count]
            let text = String(decoding: bytes, as: UTF8.self)
            guard let end = text.range(of: "\r\n\r\n") else { continue }
            let length =
                text[..<end.lowerBound].split(separator: "\r\n").compactMap { line in
                    line.lowercased().hasPrefix("content-length:")
                        ? Int(line.dropFirst(15).trimmingCharacters(in: .whitespaces)) : nil
                }.first ?? 0
            if text[end.upperBound...].utf8.count < length { continue }
            server.hasRead(text)
            return text
        }
    }

    /// Sends a text as it is; returns whether all of it was accepted.
    @discardableResult public func send(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Foundation.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count <= 0 { return false }
            sent += count
        }
        return true
    }

    /// Answers 200 with this text as the body.
    public func answer(_ text: String) { send("HTTP/1.1 200 OK\r\nContent-Length: \(text.utf8.count)\r\n\r\n\(text)") }

    /// Waits until the client has closed, dropping what it sends.
    public func waitForClose() {
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while recv(socket, &buffer, buffer.count, 0) > 0 {}
    }

    /// Makes the later close reset the connection (RST) instead of ending it.
    public func resetOnClose() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(socket, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Foundation.linger>.size))
    }

    /// Closes the connection; further calls do nothing.
    public func close() { server.close(socket) }
}

/// An address where connections are neither accepted nor refused, as if there were no such host: its backlog is full.
public final class SilentAddress: Sendable {
    private let sockets: [Int32]

    /// Listens, and fills the backlog; until `deinit`.
    public init(_ address: String, port: Int) throws {
        let listener = try RawServer.listen(address, port, backlog: 0)
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = UInt16(port).bigEndian
        name.sin_addr.s_addr = inet_addr(address)
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        var sockets = [listener]
        for _ in 0..<4 {
            let waiting = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
            withUnsafePointer(to: &name) { pointer in
                _ = pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(waiting, $0, length) }
            }
            sockets.append(waiting)
        }
        self.sockets = sockets
    }

    deinit { for socket in sockets { close(socket) } }
}
