import Glibc
import LocalRunner
import Model
import Processes
import Testing

@testable import TestTarget

@Suite struct TestTargetTests {
    /// One request over a connection of its own; nil where the connection was dropped without an answer.
    private func call(
        _ target: TargetServer, _ path: String, method: String = "POST", key: String? = nil, body: String = ""
    ) async throws -> (status: Int, body: String)? {
        let port = target.port
        let header = key.map { "Idempotency-Key: \($0)\r\nHeadgate-Fire-Time: 2026-01-01T00:00:00.000Z\r\n" } ?? ""
        let request =
            "\(method) \(path) HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\(header)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
        let answer = await Task.detached { exchange(port, request) }.value
        guard let space = answer.firstIndex(of: " "), let status = Int(answer[space...].dropFirst().prefix(3)) else {
            return nil
        }
        return (status, answer.split(separator: "\r\n\r\n").dropFirst().joined())
    }

    private func with(_ log: String? = nil, _ body: (TargetServer) async throws -> Void) async throws {
        let target = try await TargetServer.start(port: 0, logFile: log, now: { Timestamp(seconds: 1_767_225_601) })
        do {
            try await body(target)
        } catch {
            try await target.stop()
            throw error
        }
        try await target.stop()
    }

    @Test(arguments: [
        ("/ok", 200), ("/retrain/acme", 200), ("/status/503", 503), ("/status/404/acme", 404), ("/status/9", 400),
    ])
    func `answers the status that the path names`(path: String, status: Int) async throws {
        try await with { target in
            let answer = try await call(target, path)
            #expect(answer?.status == status)
        }
    }

    @Test func `fails once for each idempotency key`() async throws {
        try await with { target in
            var statuses: [Int] = []
            for key in ["a", "a", "b", "b", "b"] {
                statuses.append(try #require(try await call(target, "/once/503/x", key: key)).status)
            }
            #expect(statuses == [503, 200, 503, 200, 200])
        }
    }

    @Test func `fails the first N calls of a key`() async throws {
        try await with { target in
            var statuses: [Int] = []
            for _ in 0..<4 { statuses.append(try #require(try await call(target, "/flaky/3/500/x", key: "a")).status) }
            #expect(statuses == [500, 500, 500, 200])
        }
    }

    @Test func `answers late where the path says so`() async throws {
        try await with { target in
            let start = ContinuousClock.now
            let answer = try await call(target, "/slow/60ms/x")
            #expect(answer?.status == 200)
            #expect(ContinuousClock.now - start >= .milliseconds(60))
        }
    }

    @Test func `echoes the request`() async throws {
        try await with { target in
            let answer = try #require(try await call(target, "/echo/x?y=1", key: "k", body: #"{"a":1}"#))
            let json = try JSON(parsing: answer.body)
            #expect(json["method"] == "POST" && json["uri"] == "/echo/x?y=1" && json["body"] == #"{"a":1}"#)
            #expect(json["headers"]?["idempotency-key"] == "k")
        }
    }

    @Test func `drops the connection`() async throws {
        try await with { target in
            let answer = try await call(target, "/close/x")
            #expect(answer == nil)
            #expect(target.log.statistics.byStatus == [0: 1])
        }
    }

    @Test func `counts requests, keys, repeats and double successes, and forgets them`() async throws {
        try await with { target in
            for (path, key) in [("/ok", "a"), ("/ok", "b"), ("/ok", "a"), ("/once/503", "c"), ("/once/503", "c")] {
                _ = try await call(target, path, key: key)
            }
            let stats = try #require(try await call(target, "/_stats", method: "GET"))
            #expect(
                stats.body
                    == #"{"total":5,"byStatus":{"200":4,"503":1},"distinctKeys":3,"repeats":2,"repeatedSuccesses":1}"#)
            let reset = try await call(target, "/_reset")
            #expect(reset?.status == 200)
            #expect(target.log.statistics == RequestLog.Statistics())
        }
    }

    @Test func `gives the requests after a number, at most the kept ones`() async throws {
        let log = RequestLog(file: nil)
        for number in 1...(RequestLog.kept + 10) {
            _ = log.record(.answer(status: 200), path: "/\(number)", key: "", fireTime: "", at: .epoch)
        }
        #expect(
            log.recent(after: RequestLog.kept + 8).map(\.path) == [
                "/\(RequestLog.kept + 9)", "/\(RequestLog.kept + 10)",
            ])
        #expect(log.recent(after: 0).count == RequestLog.kept)
        #expect(log.recent(after: 0).first?.path == "/11")
        #expect(log.recent(after: 1_000_000).isEmpty)
    }

    @Test func `writes a line for each request`() async throws {
        try await Place.temporary { directory in
            let file = "\(directory)/log"
            try await with(file) { target in
                _ = try await call(target, "/ok?x=1", key: "k")
                _ = try await call(target, "/close")
            }
            #expect(
                await eventually {
                    LocalFile.text(file)
                        == "1767225601000000 /ok k 2026-01-01T00:00:00.000Z\n1767225601000000 /close - -\n"
                })
        }
    }
}

/// Sends a request and reads to the end of the connection.
private func exchange(_ port: Int, _ request: String) -> String {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let isConnected = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
        }
    }
    guard isConnected else { return "" }
    let bytes = Array(request.utf8)
    _ = bytes.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    var answer: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = buffer.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
        guard count > 0 else { return String(decoding: answer, as: UTF8.self) }
        answer += buffer[..<count]
    }
}
