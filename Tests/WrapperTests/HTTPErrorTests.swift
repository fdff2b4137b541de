import Curl
import HTTP
import Model
import TestServers
import Testing

/// Which errors are the request's, and which another attempt may not meet.
@Suite struct HTTPErrorTests {
    /// libcurl's numbers by class; all others are `broken`.
    private static let classes: [HTTPError.Code: Set<Int>] = [
        .dns: [5, 6], .connect: [7, 45, 89, 96, 97],
        .tls: [35, 53, 54, 58, 59, 60, 64, 66, 77, 80, 82, 83, 90, 91, 98], .timeout: [12, 28],
        .invalid: [1, 3, 4, 43, 48, 49],
    ]

    @Test func `each of libcurl's errors has its class`() {
        #expect(HTTPError.Code.curlCodes >= 100)
        for number in 1..<HTTPError.Code.curlCodes {
            let expected = HTTPErrorTests.classes.first { $0.value.contains(number) }?.key ?? .broken
            #expect(HTTPError.Code(curl: number, isConnected: false) == expected, "error \(number)")
            let connected = expected == .invalid ? .broken : expected
            #expect(HTTPError.Code(curl: number, isConnected: true) == connected, "error \(number) after a connect")
        }
    }

    private func code(_ client: HTTPClient, _ url: String, timeout: Duration = .seconds(20)) async -> HTTPError.Code? {
        do throws(HTTPError) { _ = try await client.execute(HTTPRequest(url: url, timeout: timeout)) } catch {
            return error.code
        }
        return nil
    }

    @Test(
        arguments: [
            "SSH-2.0-OpenSSH_9.2\r\n", "220 mail.example ESMTP\r\n", "<html>busy</html>", "\0\0\0",
            "HTTP/9.9 200 OK\r\n\r\n",
            "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 abc\r\n\r\n", "ICY 200 OK\r\n\r\n",
            "\u{15}\u{3}\u{1}\0\u{2}\u{2}\u{50}",
        ], [false, true]) func `what is not HTTP is a fault of the network`(text: String, isFirst: Bool) async throws
    {
        let server = try RawServer { connection in
            if isFirst { connection.send(text) }
            while connection.readRequest() != nil { connection.send(text) }
        }
        defer { server.stop() }
        #expect(
            await code(HTTPClient(), server.url, timeout: .seconds(2)).map { [.broken, .timeout].contains($0) } == true)
    }

    @Test(arguments: ["http://127.0.0.1:99999/", "gopher://127.0.0.1/", "http://[::1/", ""])
    func `a URL that cannot be called is the request's fault`(url: String) async {
        #expect(await code(HTTPClient(), url) == .invalid)
    }

    @Test(arguments: ["http://[bad", "gopher://a/", "http://a:99999/", ""])
    func `where a redirect leads is not looked at`(location: String) async throws {
        let server = try RawServer { connection in
            while connection.readRequest() != nil {
                connection.send("HTTP/1.1 302 Found\r\nLocation: \(location)\r\nContent-Length: 0\r\n\r\n")
            }
        }
        defer { server.stop() }
        #expect(try await HTTPClient().execute(HTTPRequest(url: server.url)).status == 302)
    }

    @Test(arguments: ["http", "https"]) func `a target that speaks another protocol is one that may come to itself`(
        scheme: String
    ) async throws {
        let server = try RawServer { connection in
            connection.send("220 ready\r\n")
            connection.waitForClose()
        }
        defer { server.stop() }
        let code = await code(HTTPClient(), "\(scheme)://127.0.0.1:\(server.port)/")
        #expect(code == (scheme == "https" ? .tls : .broken))
        if scheme == "http" {
            let error = await #expect(throws: HTTPError.self) {
                try await HTTPClient().execute(HTTPRequest(url: server.url))
            }
            #expect(error?.message == "the answer is not HTTP")
        }
    }
}
