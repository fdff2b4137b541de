import Glibc

/// A TCP connection to a server on this machine, for the few bytes that tell whether it is ready. Blocks for at most
/// two seconds a call.
struct LoopbackSocket: ~Copyable {
    private let descriptor: Int32

    /// Nil if nothing listens there.
    init?(port: Int) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        var address = LoopbackSocket.address(port: port)
        let isConnected = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        if !isConnected { return nil }
    }

    deinit { close(descriptor) }

    func send(_ bytes: [UInt8]) -> Bool {
        unsafe bytes.withUnsafeBytes {
            unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) == $0.count
        }
    }

    /// The next bytes; empty at the end of the stream, or if none came in time.
    func receive() -> [UInt8] {
        var readable = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard unsafe poll(&readable, 1, 2_000) == 1 else { return [] }
        var buffer = [UInt8](repeating: 0, count: 512)
        let count = unsafe buffer.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
        return Array(buffer[..<max(count, 0)])
    }

    /// A port on 127.0.0.1 that nothing listens on: `wanted`, or any if that is 0. Nil if the wanted port is in use.
    ///
    /// Any port is below those that the system gives to outgoing connections and to listeners that name none: one of
    /// these could be taken before the server that it is for has begun to listen.
    static func freePort(wanted: Int = 0) -> Int? {
        if wanted != 0 { return bindable(wanted) }
        for _ in 0..<100 {
            if let port = bindable(Int.random(in: 10_000..<32_768)) { return port }
        }
        return bindable(0)
    }

    private static func bindable(_ port: Int) -> Int? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        // Connections that have just closed do not occupy the port.
        var isOn: Int32 = 1
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &isOn, socklen_t(MemoryLayout<Int32>.size))
        var address = address(port: port)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                unsafe bind(descriptor, pointer, size) == 0 && listen(descriptor, 1) == 0
                    && getsockname(descriptor, pointer, &size) == 0
            }
        }
        return isBound ? Int(UInt16(bigEndian: address.sin_port)) : nil
    }

    private static func address(port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }
}
