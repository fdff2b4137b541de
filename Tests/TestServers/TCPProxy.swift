import Foundation
import Synchronization

/// Passes bytes between clients and a server on this host; the server's port can change, and connections can be broken.
public final class TCPProxy: Sendable {
    /// What a filter decides about bytes on their way.
    public enum Verdict: Sendable {
        /// These bytes are passed on in their place.
        case pass([UInt8])
        /// Both sides are closed, and the bytes dropped.
        case close
    }
    /// Which way bytes go.
    public enum Direction: Sendable {
        /// From the client to the server.
        case toServer
        /// From the server to the client.
        case toClient
    }
    /// Sees the bytes of one connection as they come, each direction on a thread of its own.
    public typealias Filter = @Sendable (Direction, [UInt8]) -> Verdict

    private struct Pair: Sendable {
        var client: Int32
        var server: Int32
    }

    /// The port that it listens on.
    public let port: Int
    private let listener: Int32
    private let upstream: Mutex<Int>
    private let pairs = Mutex<[Int: Pair]>([:])
    private let next = Atomic<Int>(0)
    private let makeFilter: @Sendable () -> Filter

    /// Listens on a free port.
    ///
    /// - Parameters:
    ///   - upstream: the server's port on 127.0.0.1.
    ///   - makeFilter: called once per connection.
    public init(to upstream: Int, makeFilter: @escaping @Sendable () -> Filter = { { .pass($1) } }) throws {
        self.upstream = Mutex(upstream)
        self.makeFilter = makeFilter
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        self.listener = listener
        var address = TCPProxy.address(0)
        let isBound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard isBound == 0, listen(listener, 128) == 0 else {
            throw TestServerError(description: "no port for a proxy")
        }
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(listener, $0, &length) }
        }
        port = Int(UInt16(bigEndian: address.sin_port))
        Thread.detachNewThread { [listener] in
            while true {
                let client = accept(listener, nil, nil)
                if client < 0 { return }
                self.connect(client)
            }
        }
    }

    /// Passes new connections on to another port.
    public func redirect(to port: Int) { upstream.withLock { $0 = port } }

    /// Breaks every connection.
    public func closeAll() {
        for pair in pairs.withLock({ Array($0.values) }) { TCPProxy.end(pair) }
    }

    /// Stops listening and breaks every connection.
    public func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
        closeAll()
    }

    private static func address(_ port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    private static func end(_ pair: Pair) {
        shutdown(pair.client, Int32(SHUT_RDWR))
        shutdown(pair.server, Int32(SHUT_RDWR))
    }

    private func connect(_ client: Int32) {
        let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = TCPProxy.address(upstream.withLock { $0 })
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Foundation.connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard isConnected == 0 else {
            close(client)
            close(server)
            return
        }
        for descriptor in [client, server] {
            var one: Int32 = 1
            setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        }
        let pair = Pair(client: client, server: server)
        let number = next.add(1, ordering: .relaxed).newValue
        pairs.withLock { $0[number] = pair }
        let filter = makeFilter()
        let open = Open(2) {
            self.pairs.withLock { _ = $0.removeValue(forKey: number) }
            close(client)
            close(server)
        }
        for (from, to, direction) in [(client, server, Direction.toServer), (server, client, .toClient)] {
            Thread.detachNewThread {
                TCPProxy.pump(from, to) { filter(direction, $0) }
                TCPProxy.end(pair)
                open.leave()
            }
        }
    }

    /// Calls a closure when the last of its users has left.
    private final class Open: Sendable {
        private let count: Atomic<Int>
        private let body: @Sendable () -> Void
        init(_ count: Int, _ body: @escaping @Sendable () -> Void) {
            self.count = Atomic(count)
            self.body = body
        }
        func leave() { if count.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 { body() } }
    }

    private static func pump(_ from: Int32, _ to: Int32, _ filter: ([UInt8]) -> Verdict) {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(from, &buffer, buffer.count)
            if count <= 0 { return }
            guard case .pass(let bytes) = filter(Array(buffer[..<count])) else { return }
            var sent = 0
            while sent < bytes.count {
                let part = bytes[sent...].withUnsafeBytes { send(to, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
                if part <= 0 { return }
                sent += part
            }
        }
    }
}
