private import CCurl
private import Glibc

/// The connections that libcurl holds, by socket: decides on which of them a request may be sent. Used on the engine's
/// thread only.
///
/// Before each request libcurl names the two ends of its connection, but not the socket; so what it opens and closes is
/// recorded here.
final class ConnectionTable {
    /// The two ends of a connection, which no other open connection shares.
    struct Endpoints: Hashable {
        var local: String
        var localPort: Int32
        var remote: String
        var remotePort: Int32
    }

    /// A connection in use by a call.
    struct Use {
        let socket: Int32
        fileprivate let number: Int
    }

    private struct Connection {
        /// Socket numbers are reused, these are not.
        var number: Int
        var endpoints: Endpoints?
        /// Calls in progress on it.
        var calls = 0
        /// HTTP/2: frames may arrive at any time, and each names its call.
        var isMultiplexed = false
    }

    private var connections: [Int32: Connection] = [:]
    private var sockets: [Endpoints: Int32] = [:]
    private var lastNumber = 0

    /// Opens a socket for libcurl; negative if none is available.
    func open(_ family: Int32, _ type: Int32, _ protocolNumber: Int32) -> Int32 {
        let socket = Glibc.socket(family, type | Int32(SOCK_CLOEXEC.rawValue), protocolNumber)
        if socket >= 0 {
            lastNumber += 1
            connections[socket] = Connection(number: lastNumber)
        }
        return socket
    }

    /// Closes a socket for libcurl. Returns 0, or -1 with errno.
    func close(_ socket: Int32) -> Int32 {
        if let endpoints = connections.removeValue(forKey: socket)?.endpoints, sockets[endpoints] == socket {
            sockets[endpoints] = nil
        }
        return Glibc.close(socket)
    }

    /// One of these sockets has connected these ends.
    func connected(_ opened: [Int32], _ endpoints: Endpoints) {
        for socket in opened where connections[socket]?.endpoints == nil && connections[socket] != nil {
            guard headgate_socket_port(socket) == endpoints.localPort else { continue }
            connections[socket]?.endpoints = endpoints
            sockets[endpoints] = socket
        }
    }

    /// The socket of the connection between these ends, if it was opened here.
    func socket(_ endpoints: Endpoints) -> Int32? { sockets[endpoints] }

    /// Whether something can be read on an idle HTTP/1 connection: an unsolicited response (RFC 9112, 9.2), or end of
    /// stream.
    ///
    /// With TLS it may also be a session ticket: then a good connection is given up.
    func hasUnexpectedData(_ socket: Int32) -> Bool {
        guard let connection = connections[socket], connection.calls == 0, !connection.isMultiplexed else {
            return false
        }
        var byte: UInt8 = 0
        while true {
            let count = unsafe recv(socket, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT))
            if count >= 0 { return true }
            if errno != EINTR { return errno != EAGAIN && errno != EWOULDBLOCK }
        }
    }

    /// Counts a call on the connection; nil if it is not open.
    func begin(on socket: Int32) -> Use? {
        connections[socket]?.calls += 1
        return connections[socket].map { Use(socket: socket, number: $0.number) }
    }

    /// Ends a use.
    ///
    /// - Parameter isMultiplexed: the answer came by HTTP/2.
    func end(_ use: Use, isMultiplexed: Bool) {
        // The connection may be closed already, and its socket number reused.
        guard connections[use.socket]?.number == use.number else { return }
        connections[use.socket]?.calls -= 1
        if isMultiplexed { connections[use.socket]?.isMultiplexed = true }
    }
}
