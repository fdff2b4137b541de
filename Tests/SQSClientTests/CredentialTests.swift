import Foundation
import HTTP
import Model
import SQSClient
import Synchronization
import Testing

@Suite struct CredentialPlaceTests {
    private static let key = ["AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "geheim"]
    private static let container = ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/x"]

    static let table: [(environment: [String: String], place: CredentialPlace?)] = [
        (key, .environment(AWSCredentials(keyID: "AKID", secret: "geheim"))),
        (
            key.merging(["AWS_SESSION_TOKEN": "t"]) { $1 },
            .environment(AWSCredentials(keyID: "AKID", secret: "geheim", token: "t"))
        ),
        (key.merging(container) { $1 }, .environment(AWSCredentials(keyID: "AKID", secret: "geheim"))),
        (["AWS_ACCESS_KEY_ID": "AKID"], nil),
        (["AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "", "HOME": "/h"], nil),
        (["HOME": "/h"], .file(path: "/h/.aws/credentials", profile: "default")),
        (["HOME": "/h", "AWS_PROFILE": "p"], .file(path: "/h/.aws/credentials", profile: "p")),
        (["AWS_SHARED_CREDENTIALS_FILE": "/f", "AWS_PROFILE": "p"], .file(path: "/f", profile: "p")),
        (container.merging(["HOME": "/h"]) { $1 }, .container(url: "http://169.254.170.2/v2/x", nil)),
        (container.merging(["AWS_SHARED_CREDENTIALS_FILE": "/f"]) { $1 }, .file(path: "/f", profile: "default")),
        (["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "x"], nil),
        (
            [
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN": "t", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/tok",
            ], .container(url: "http://169.254.170.23/v1/credentials", .file("/tok"))
        ),
        (
            ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "https://h/x", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "t"],
            .container(url: "https://h/x", .token("t"))
        ),
        (
            ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.8.0.1:80/x"],
            .container(url: "http://127.8.0.1:80/x", nil)
        ),
        (
            ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://[fd00:ec2::23]/x"],
            .container(url: "http://[fd00:ec2::23]/x", nil)
        ),
        (["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://example.org/x"], nil),
        (["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1.example.org/x"], nil),
        (["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://localhost:80@example.org/x"], nil),
        (["AWS_CONTAINER_CREDENTIALS_FULL_URI": "ftp://127.0.0.1/x"], nil),
        ([:], nil),
    ]

    @Test(arguments: table.indices) func `the environment decides where credentials are`(row: Int) throws {
        let (environment, place) = CredentialPlaceTests.table[row]
        if let place {
            #expect(try CredentialPlace(environment: environment) == place)
        } else {
            let error = #expect(throws: SQSClientError.self) { try CredentialPlace(environment: environment) }
            #expect(error?.code == SQSClientError.noCredentials)
        }
    }

    @Test func `a profile of a credentials file is read`() throws {
        let text = """
            # comment
            [default]
            aws_access_key_id=one
            aws_secret_access_key = a=b/c+
            ; comment
            [ other ]\r
              AWS_ACCESS_KEY_ID = two
            aws_secret_access_key = s\t
            aws_session_token = t

            [half]
            aws_access_key_id = x
            """
        func read(_ profile: String) throws -> AWSCredentials {
            try AWSCredentials(file: text, profile: profile, path: "/f")
        }
        #expect(try read("default") == AWSCredentials(keyID: "one", secret: "a=b/c+"))
        #expect(try read("other") == AWSCredentials(keyID: "two", secret: "s", token: "t"))
        #expect(throws: SQSClientError.self) { try read("half") }
        #expect(throws: SQSClientError.self) { try read("none") }
    }

    @Test func `what a container's endpoint answers is read`() throws {
        let body =
            #"{"RoleArn":"r","AccessKeyId":"A","SecretAccessKey":"S","Token":"T","Expiration":"2026-03-01T00:00:00Z"}"#
        let credentials = try AWSCredentials(containerAnswer: Array(body.utf8))
        #expect(
            credentials
                == AWSCredentials(
                    keyID: "A", secret: "S", token: "T", expires: Timestamp("2026-03-01T00:00:00Z")))
        for wrong in ["", "[]", #"{"AccessKeyId":"A"}"#, body.replacingOccurrences(of: "2026-", with: "x")] {
            #expect(throws: SQSClientError.self) { try AWSCredentials(containerAnswer: Array(wrong.utf8)) }
        }
    }

    @Test func `no description shows a secret or a token`() throws {
        let credentials = AWSCredentials(keyID: "AKID", secret: "geheim", token: "marke")
        let signature = RequestSignature(
            keyID: "AKID", secret: "geheim", token: "marke", region: "us-east-1", service: "sqs")
        let place = CredentialPlace.environment(credentials)
        let request = HTTPRequest(method: "POST", url: "http://h/", signature: signature)
        var dumped = ""
        dump((credentials, signature, place, request), to: &dumped)
        for text in [
            "\(credentials)", "\(signature)", "\(place)", "\(request)", String(reflecting: request),
            String(reflecting: place), "\(CredentialPlace.container(url: "u", .token("marke")))", dumped,
        ] {
            #expect(!text.contains("geheim") && !text.contains("marke"), "\(text)")
        }
    }
}

@Suite struct CredentialSourceTests {
    /// A service of credentials that a test makes fail.
    private final class Service: Sendable {
        let time = Mutex(Timestamp(seconds: 1_000_000))
        let calls = Mutex(0)
        let isBroken = Mutex(false)
        let gate = Mutex<AsyncStream<Void>?>(nil)

        var source: CredentialSource {
            CredentialSource(clock: { self.time.withLock { $0 } }) {
                () async throws(SQSClientError) -> AWSCredentials in
                let number = self.calls.withLock { count in
                    count += 1
                    return count
                }
                if let gate = self.gate.withLock({ $0 }) { for await _ in gate {} }
                if self.isBroken.withLock({ $0 }) {
                    throw SQSClientError(SQSClientError.unreachable, "broken", at: "test")
                }
                return AWSCredentials(
                    keyID: "k\(number)", secret: "s", expires: self.time.withLock { $0 } + .seconds(3_600))
            }
        }
        func advance(_ seconds: Int64) { time.withLock { $0 = $0 + .seconds(seconds) } }
    }

    @Test func `credentials are refreshed five minutes before they end`() async throws {
        let service = Service()
        let source = service.source
        #expect(try await source.current().keyID == "k1")
        service.advance(3_299)
        #expect(try await source.current().keyID == "k1")
        service.advance(1)
        #expect(try await source.current().keyID == "k2")
    }

    @Test func `one refresh serves all who ask meanwhile`() async throws {
        let service = Service()
        let (gate, opening) = AsyncStream<Void>.makeStream()
        service.gate.withLock { $0 = gate }
        let source = service.source
        let keys = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<20 { group.addTask { try await source.current().keyID } }
            while service.calls.withLock({ $0 }) == 0 { await Task.yield() }
            for _ in 0..<200 { await Task.yield() }
            opening.finish()
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(keys == ["k1"])
        #expect(service.calls.withLock { $0 } == 1)
    }

    @Test func `a refresh that fails leaves the old ones while they are valid`() async throws {
        let service = Service()
        let source = service.source
        _ = try await source.current()
        service.isBroken.withLock { $0 = true }
        service.advance(3_400)
        #expect(try await source.current().keyID == "k1")
        #expect(try await source.current().keyID == "k1")
        #expect(service.calls.withLock { $0 } == 2, "the next refresh waits 10 s")
        service.advance(10)
        #expect(try await source.current().keyID == "k1")
        #expect(service.calls.withLock { $0 } == 3)
        service.advance(190)
        await #expect(throws: SQSClientError.self) { try await source.current() }
        service.isBroken.withLock { $0 = false }
        #expect(try await source.current().keyID == "k5")
    }
}
