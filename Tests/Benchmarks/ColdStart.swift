import Foundation
import Glibc

/// S6: from the spawn of a trigger-worker to its first connection at a socket of ours.
struct ColdStart {
    func run(_ stand: Stand) throws -> [ResultRow] {
        var times: [Double] = []
        for _ in 0..<20 { times.append(try once(stand)) }
        times.sort()
        return [
            ResultRow(
                scenario: "S6", what: "spawn of trigger-worker to its first command at Redis's port, p50 / max of 20",
                value: String(format: "%.1f / %.1f ms", times[10], times[19]))
        ]
    }

    /// Listens in place of Redis: the first thing a worker does is to connect there.
    private func once(_ stand: Stand) throws -> Double {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 4) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        guard bound else { throw BenchError(description: "no port for S6") }
        let process = Process()
        process.executableURL = stand.programs.appending(path: "trigger-worker")
        process.environment = ["HEADGATE_REDIS": "redis://127.0.0.1:\(UInt16(bigEndian: address.sin_port))"]
        process.standardError = FileHandle.nullDevice
        let start = ContinuousClock.now
        try process.run()
        let connection = accept(listener, nil, nil)
        var buffer = [UInt8](repeating: 0, count: 64)
        _ = read(connection, &buffer, 64)
        let elapsed = ContinuousClock.now - start
        kill(process.processIdentifier, SIGKILL)
        close(connection)
        process.waitUntilExit()
        return Double(elapsed.components.attoseconds) / 1e15 + Double(elapsed.components.seconds) * 1_000
    }
}
