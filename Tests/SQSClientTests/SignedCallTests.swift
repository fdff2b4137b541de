import Curl
import Foundation
import HTTP
import Model
import SQS
import SQSClient
import Synchronization
import TestServers
import Testing

/// What libcurl signs, checked as AWS checks it.
@Suite struct SignedCallTests {
    private static let key = SignatureV4.Key(id: "AKIDEXAMPLE", secret: "a/secret+with:colon")
    private static var now: Timestamp { Timestamp(milliseconds: Int64(Date.now.timeIntervalSince1970 * 1_000)) }

    /// A server that keeps what it is sent, and answers an empty object.
    private static func server() throws -> RawServer {
        try RawServer { connection in
            while connection.readRequest() != nil { connection.answer("{}") }
        }
    }

    /// Reads a request with its head and body.
    private static func read(_ text: String) throws -> WireRequest {
        let end = try #require(text.range(of: "\r\n\r\n"))
        let lines = text[..<end.lowerBound].components(separatedBy: "\r\n")
        let words = lines[0].split(separator: " ")
        let headers = lines.dropFirst().map { line in
            let parts = line.split(separator: ":", maxSplits: 1)
            return (name: String(parts[0]), value: parts[1].trimmingCharacters(in: .whitespaces))
        }
        return WireRequest(
            method: String(words[0]), path: String(words[1]), query: "", headers: headers,
            body: Array(text[end.upperBound...].utf8))
    }

    private static func source(_ credentials: AWSCredentials) -> CredentialSource {
        CredentialSource(clock: { .epoch }) { () async throws(SQSClientError) in credentials }
    }

    @Test(arguments: [nil, "a/token+=="], ["{}", "{\"MessageBody\":\"\u{1F600}\"}"])
    func `a call is signed as AWS checks it, with the token of temporary keys`(token: String?, body: String)
        async throws
    {
        let server = try SignedCallTests.server()
        defer { server.stop() }
        let caller = SQSCaller(
            SQSCaller.Configuration(endpoint: server.url, region: "eu-central-1"), http: HTTPClient(),
            credentials: SignedCallTests.source(
                AWSCredentials(
                    keyID: SignedCallTests.key.id, secret: SignedCallTests.key.secret, token: token)))
        _ = try await caller.call(.sendMessage, try JSON(parsing: body))
        let request = try SignedCallTests.read(try #require(server.requests.first))
        #expect(request.header("x-amz-target") == "AmazonSQS.SendMessage")
        #expect(request.header("x-amz-security-token") == token)
        #expect(SignatureV4.credential(of: request)?.region == "eu-central-1")
        var key = SignedCallTests.key
        key.token = token
        try SignatureV4(keys: [key]).check(request, now: SignedCallTests.now)
        #expect(throws: SQSError.self) {
            var wrong = request
            wrong.body.append(32)
            try SignatureV4(keys: [key]).check(wrong, now: SignedCallTests.now)
        }
        #expect(!server.requests.contains { $0.contains(SignedCallTests.key.secret) })
    }

    /// The client reuses libcurl's handles.
    @Test func `a call after a signed one is not signed, and one with another key is signed with that`() async throws {
        let server = try SignedCallTests.server()
        defer { server.stop() }
        let client = HTTPClient()
        for key in ["one", nil, "two", nil] {
            let signature = key.map {
                RequestSignature(keyID: $0, secret: "secret of \($0)", region: "us-east-1", service: "sqs")
            }
            _ = try await client.execute(
                HTTPRequest(method: "POST", url: "\(server.url)/", body: [1, 2], signature: signature))
        }
        let requests = try server.requests.map { try SignedCallTests.read($0) }
        #expect(requests.map { SignatureV4.credential(of: $0)?.keyID } == ["one", nil, "two", nil])
        #expect(requests.map { $0.header("authorization") != nil } == [true, false, true, false])
        let keys = ["one", "two"].map { SignatureV4.Key(id: $0, secret: "secret of \($0)") }
        for request in [requests[0], requests[2]] {
            try SignatureV4(keys: keys).check(request, now: SignedCallTests.now)
        }
    }

    @Test func `only POST of the root can be signed`() {
        for url in ["http://h", "https://h/", "http://h:80/"] {
            #expect(HTTPRequest(method: "POST", url: url).isSignable, "\(url)")
            #expect(!HTTPRequest(method: "GET", url: url).isSignable)
        }
        for url in ["http://h/x", "http://h/?a=b", "http://h?a", "http://h/*", "h/", "", "http:/h/"] {
            #expect(!HTTPRequest(method: "POST", url: url).isSignable, "\(url)")
        }
    }

    @Test func `a container's credentials are asked for with its token`() async throws {
        let end = SignedCallTests.now + .seconds(3_600)
        let server = try RawServer { connection in
            while let request = connection.readRequest() {
                let isAllowed = request.contains("Authorization: marke\r\n") && request.hasPrefix("GET /c ")
                connection.answer(
                    isAllowed ? #"{"AccessKeyId":"A","SecretAccessKey":"S","Token":"T","Expiration":"\#(end)"}"# : "{}")
            }
        }
        defer { server.stop() }
        let file = URL.temporaryDirectory.appending(path: "token-\(UUID())")
        try Data("marke\n".utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let place = try CredentialPlace(environment: [
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(server.url)/c",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": file.path(),
        ])
        let source = CredentialSource(place, http: HTTPClient(), clock: { SignedCallTests.now })
        let credentials = try await source.current()
        #expect(credentials.keyID == "A" && credentials.token == "T" && credentials.expires != nil)
        _ = try await source.current()
        #expect(server.requests.count == 1)
    }
}
