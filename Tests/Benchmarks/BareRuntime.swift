import Foundation
import Glibc

/// A Lambda runtime with as little in it as can be: it answers each invocation with what it got, over one connection.
enum BareRuntime {
    /// Runs until the Runtime API closes the connection.
    static func run() -> Never {
        let parts = (ProcessInfo.processInfo.environment["AWS_LAMBDA_RUNTIME_API"] ?? "").split(separator: ":")
        guard parts.count == 2, let port = UInt16(parts[1]) else { exit(64) }
        let socket = connect(port)
        let base = "/2018-06-01/runtime/invocation/"
        while true {
            send(socket, "GET \(base)next HTTP/1.1\r\nHost: h\r\n\r\n")
            let (head, body) = read(socket)
            guard let id = field("lambda-runtime-aws-request-id", head) else { exit(1) }
            send(
                socket, "POST \(base)\(id)/response HTTP/1.1\r\nHost: h\r\nContent-Length: \(body.count)\r\n\r\n", body)
            _ = read(socket)
        }
    }

    private static func connect(_ port: UInt16) -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected else { exit(1) }
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        return descriptor
    }

    private static func send(_ socket: Int32, _ head: String, _ body: [UInt8] = []) {
        let bytes = Array(head.utf8) + body
        guard write(socket, bytes, bytes.count) == bytes.count else { exit(1) }
    }

    private static func read(_ socket: Int32) -> (head: String, body: [UInt8]) {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            if let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) {
                let head = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
                let length = field("content-length", head).flatMap { Int($0) } ?? 0
                if bytes.count - end.upperBound >= length {
                    return (head, Array(bytes[end.upperBound...].prefix(length)))
                }
            }
            let count = Glibc.read(socket, &buffer, buffer.count)
            guard count > 0 else { exit(0) }
            bytes += buffer[..<count]
        }
    }

    private static func field(_ name: String, _ head: String) -> String? {
        for line in head.split(separator: "\r\n") where line.lowercased().hasPrefix(name + ":") {
            return line.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces)
        }
        return nil
    }
}
