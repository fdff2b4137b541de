import Curl
import HTTP
import Model
import TestServers
import Testing

/// Answers that are cut, endless, too slow, or unusual in their fields.
@Suite struct AnswerTests {
    private func result(
        timeout: Duration = .seconds(20), keptBytes: Int = 4_096, readBytes: Int = 1 << 20,
        _ serve: @escaping @Sendable (RawConnection) -> Void
    ) async throws -> HTTPResult {
        let server = try RawServer { connection in
            if connection.readRequest() != nil { serve(connection) }
        }
        defer { server.stop() }
        let request = HTTPRequest(
            method: "POST", url: server.url, body: [], timeout: timeout, keptBytes: keptBytes, readBytes: readBytes)
        do throws(HTTPError) { return .success(try await HTTPClient().execute(request)) } catch {
            return .failure(error)
        }
    }

    /// How an answer may stop before its end.
    enum Cut: String, CaseIterable {
        case inHead = "X-Half: 1"
        case beforeBody = "Content-Length: 5\r\n\r\n"
        case inBody = "Content-Length: 5\r\n\r\nab"
        case inChunk = "Transfer-Encoding: chunked\r\n\r\n5\r\nab"
        case betweenChunks = "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n"
        case badChunk = "Transfer-Encoding: chunked\r\n\r\nzz\r\n"
        case badLength = "Content-Length: x\r\n\r\n"

        var isTimedOut: Bool { self != .badChunk && self != .badLength }
    }

    @Test(arguments: [200, 404, 503], Cut.allCases)
    func `the status of an answer that breaks off is known`(status: Int, cut: Cut) async throws {
        let result = try await result { $0.send("HTTP/1.1 \(status) Some\r\nRetry-After: 7\r\n\(cut.rawValue)") }
        let error = #expect(throws: HTTPError.self) { try result.get() }
        #expect(error?.code == .broken && error?.answer?.status == status, "\(String(describing: error))")
        #expect(error?.answer?.header("retry-after") == "7")
        #expect(error?.answer?.body == Array([.inBody, .inChunk, .betweenChunks].contains(cut) ? "ab".utf8 : "".utf8))
    }

    @Test(arguments: [200, 404, 503], Cut.allCases.filter(\.isTimedOut))
    func `the status of an answer that does not go on is known`(status: Int, cut: Cut) async throws {
        let result = try await result(timeout: .milliseconds(300)) { connection in
            connection.send("HTTP/1.1 \(status) Some\r\n\(cut.rawValue)")
            connection.waitForClose()
        }
        let error = #expect(throws: HTTPError.self) { try result.get() }
        #expect(error?.code == .timeout && error?.answer?.status == status, "\(String(describing: error))")
    }

    @Test(arguments: ["", "HTTP/1.1", "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 103 Early Hints\r\nA: b\r\n"])
    func `an interim answer is none`(text: String) async throws {
        let result = try await result { $0.send(text) }
        let error = #expect(throws: HTTPError.self) { try result.get() }
        #expect(error?.code == .broken && error?.answer == nil, "\(String(describing: error))")
    }

    @Test func `an endless answer is one when enough of it was read`() async throws {
        let answer = try await result { connection in
            connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            let chunk = "1000\r\n" + String(repeating: "x", count: 4_096) + "\r\n"
            while connection.send(chunk) {}
        }.get()
        #expect(answer.status == 200 && answer.body.count == 4_096 && answer.isTruncated)
    }

    @Test func `an answer of another call is not taken for one's own`() async throws {
        let server = try RawServer { connection in
            while let request = connection.readRequest() {
                if request.contains("/wait") { return connection.waitForClose() }
                connection.answer("")
            }
        }
        defer { server.stop() }
        let client = HTTPClient()
        // The handle of a call that was answered serves one that is cancelled before it is.
        for path in ["answered", "wait", "answered", "wait"] {
            let task = Task { () -> HTTPResult in
                do throws(HTTPError) {
                    return .success(try await client.execute(HTTPRequest(url: "\(server.url)/\(path)")))
                } catch { return .failure(error) }
            }
            if path == "wait" { task.cancel() }
            switch await task.value {
            case .success(let answer): #expect(path == "answered" && answer.status == 200)
            case .failure(let error): #expect(path == "wait" && error.code == .cancelled && error.answer == nil)
            }
        }
    }

    @Test(arguments: [0, 99, 150, 1_000]) func `Retry-After is found behind so many other fields`(count: Int)
        async throws
    {
        let fields = (0..<count).map { "X-Field-\($0): \(String(repeating: "v", count: 200))\r\n" }.joined()
        let answer = try await result { connection in
            connection.send("HTTP/1.1 503 No\r\n\(fields)retry-AFTER: 120\r\nContent-Length: 0\r\n\r\n")
            connection.waitForClose()
        }.get()
        #expect(answer.header("Retry-After") == "120")
    }
}
