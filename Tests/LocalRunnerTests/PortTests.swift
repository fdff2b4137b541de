import FoundationEssentials
import TestServers
import Testing

@testable import LocalRunner

@Suite struct PortTests {
    /// Of these the system takes one at any time, for a connection or for a listener that names none.
    private static let firstOfSystem =
        (try? String(contentsOfFile: "/proc/sys/net/ipv4/ip_local_port_range", encoding: .utf8))
        .flatMap { $0.split(separator: "\t").first.flatMap { Int($0) } } ?? 32_768

    @Test func `a free port is none that the system gives away before its server listens`() throws {
        for _ in 0..<200 {
            #expect(freePort() < PortTests.firstOfSystem)
            #expect(try #require(LoopbackSocket.freePort()) < PortTests.firstOfSystem)
        }
    }
}
