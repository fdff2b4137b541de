import Curl
import Foundation
import HTTP
import Model
import Synchronization
import TestServers
import Testing

/// What is sent on a connection that an earlier call has left.
@Suite struct ConnectionReuseTests {
    /// Makes two calls of one client, one after the other; between them the server has done something to the idle connection.
    private func secondAnswer(
        _ idle: @escaping @Sendable (RawConnection) -> Void
    ) async throws -> (answer: String, requests: [String]) {
        let mayAct = DispatchSemaphore(value: 0)
        let hasActed = Mutex(false)
        let server = try RawServer { connection in
            guard connection.readRequest() != nil else { return }
            connection.answer("of connection \(connection.number)")
            if connection.number == 1 {
                // With the answer, what follows would be taken for a part of it.
                mayAct.wait()
                idle(connection)
                hasActed.withLock { $0 = true }
            }
            while connection.readRequest() != nil { connection.answer("of connection \(connection.number)") }
        }
        defer { server.stop() }
        let client = HTTPClient()
        func call(_ path: String) async throws -> String {
            let answer = try await client.execute(
                HTTPRequest(method: "POST", url: "\(server.url)/\(path)", body: Array("body of \(path)".utf8)))
            return "\(answer.status) \(String(decoding: answer.body, as: UTF8.self))"
        }
        #expect(try await call("first") == "200 of connection 1")
        mayAct.signal()
        try await eventually("the server has acted") { hasActed.withLock { $0 } }
        return (try await call("second"), server.requests)
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstray",
        "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n",
        "x", "\r\n",
    ]) func `an answer that nobody asked for is not believed`(stray: String) async throws {
        let (answer, requests) = try await secondAnswer { $0.send(stray) }
        #expect(answer == "200 of connection 2")
        #expect(requests.count == 2 && requests.last?.contains("body of second") == true)
    }

    @Test func `an answer that nobody asked for, and the connection's end, are not believed`() async throws {
        let (answer, requests) = try await secondAnswer { connection in
            connection.send("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            connection.close()
        }
        #expect(answer == "200 of connection 2" && requests.count == 2)
    }

    @Test func `a connection that ended while it was idle costs nothing`() async throws {
        let (answer, requests) = try await secondAnswer { $0.close() }
        #expect(answer == "200 of connection 2" && requests.count == 2)
    }

    @Test func `a connection that nothing was sent on is used again`() async throws {
        let (answer, requests) = try await secondAnswer { _ in }
        #expect(answer == "200 of connection 1" && requests.count == 2)
    }

    @Test func `every idle connection is looked at, not one`() async throws {
        let waiting = Mutex(0)
        let strays = Mutex(0)
        let maySend = DispatchSemaphore(value: 0)
        let server = try RawServer { connection in
            var isFirst = true
            while let request = connection.readRequest() {
                if isFirst, request.contains("/wait") {
                    // All are answered together, so that each has a connection of its own.
                    waiting.withLock { $0 += 1 }
                    while waiting.withLock({ $0 }) < 8 { usleep(1_000) }
                }
                isFirst = false
                connection.answer("right")
                guard request.contains("/wait") else { continue }
                maySend.wait()
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong")
                strays.withLock { $0 += 1 }
            }
        }
        defer { server.stop() }
        let client = HTTPClient()
        func bodies(_ path: String) async throws -> [String] {
            try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        let answer = try await client.execute(HTTPRequest(url: "\(server.url)\(path)"))
                        return String(decoding: answer.body, as: UTF8.self)
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
        }
        _ = try await bodies("/wait")
        for _ in 0..<8 { maySend.signal() }
        try await eventually("all have been sent a stray answer") { strays.withLock { $0 } == 8 }
        #expect(try await bodies("/then") == Array(repeating: "right", count: 8))
        #expect(server.requests.count == 16)
    }

    /// How a server may take a request and say nothing.
    enum Silence: CaseIterable {
        case close
        case reset
        /// The line that an answer begins with, and no more of it.
        case half
    }

    @Test(arguments: Silence.allCases)
    func `a request that was sent is not sent again by the client itself`(silence: Silence) async throws {
        let server = try RawServer { connection in
            guard connection.readRequest() != nil else { return }
            connection.answer("")
            guard connection.readRequest() != nil else { return }
            switch silence {
            case .close: break
            case .reset: connection.resetOnClose()
            case .half: connection.send("HTTP/1.")
            }
        }
        defer { server.stop() }
        let client = HTTPClient()
        for path in ["first", "second"] {
            let request = HTTPRequest(method: "POST", url: "\(server.url)/\(path)", body: Array("{}".utf8))
            do throws(HTTPError) {
                let answer = try await client.execute(request)
                #expect(path == "first" && answer.status == 200)
            } catch {
                #expect(path == "second" && error.code == .broken, "\(error)")
            }
        }
        #expect(server.requests.count == 2)
        // The next call is none the worse for it.
        #expect(try await client.execute(HTTPRequest(url: "\(server.url)/third")).status == 200)
        #expect(server.requests.count == 3)
    }
}
