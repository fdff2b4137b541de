import Model
import SQS
import SQSFunction
import Testing

/// Signature Version 4, held to the test suite that AWS publishes ("Signature Version 4 test suite", AWS General
/// Reference): its key, its time, its requests and their signatures.
@Suite struct SignatureTests {
    private static let key = SignatureV4.Key(id: "AKIDEXAMPLE", secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
    private static let time = "20150830T123600Z"
    private static let scope = ["20150830", "us-east-1", "service", "aws4_request"]

    private static func request(
        _ method: String, _ path: String, _ query: String, _ headers: [(String, String)], _ body: String
    ) -> WireRequest {
        WireRequest(
            method: method, path: path, query: query,
            headers: [("Host", "example.amazonaws.com")] + headers + [("X-Amz-Date", time)], body: Array(body.utf8))
    }

    /// Method, path, query, further headers that are signed, body, signature.
    private static let vectors: [(String, String, String, [(String, String)], String, String)] = [
        ("GET", "/", "", [], "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("POST", "/", "", [], "", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        (
            "GET", "/", "Param2=value2&Param1=value1", [], "",
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"
        ),
        (
            "GET", "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", "", [], "",
            "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"
        ),
        ("GET", "/ሴ", "", [], "", "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"),
        (
            "POST", "/", "", [("Content-Type", "application/x-www-form-urlencoded")], "Param1=value1",
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"
        ),
        (
            "GET", "/", "", [("My-Header1", " value1"), ("My-Header2", " \"a   b   c\"")], "",
            "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"
        ),
        (
            "POST", "/", "", [("My-Header1", "value1")], "",
            "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"
        ),
    ]

    @Test("AWS's own requests have AWS's own signatures", arguments: 0..<8)
    func vectors(number: Int) {
        let (method, path, query, headers, body, expected) = Self.vectors[number]
        let request = Self.request(method, path, query, headers, body)
        let names = (["host", "x-amz-date"] + headers.map { $0.0.lowercased() }).sorted()
        let signature = SignatureV4.signature(
            of: request, names, time: Self.time, scope: Self.scope, key: Self.key)
        #expect(signature == expected, "\(SignatureV4.canonicalRequest(request, names))")
    }

    @Test("a canonical request, part by part")
    func canonicalRequest() {
        let request = Self.request("GET", "/a/./b/../c%20d/", "b=2&a=x%20y&a=1&c", [("X", "  1   2 ")], "body")
        #expect(
            SignatureV4.canonicalRequest(request, ["host", "x"]) == """
                GET
                /a/c%2520d/
                a=1&a=x%20y&b=2&c=
                host:example.amazonaws.com
                x:1 2

                host;x
                230d8358dc8e8890b4c58deeb62912ee2f20357ae92a5cc861b98e68fe31acb5
                """)
    }

    /// A signed request, as a client makes it.
    private func signed(
        _ key: SignatureV4.Key, at time: Timestamp, change: (inout WireRequest) -> Void = { _ in }
    ) -> WireRequest {
        let text = SignatureV4.text(time)
        var headers = [("Host", "localhost"), ("X-Amz-Date", text), ("X-Amz-Target", "AmazonSQS.ListQueues")]
        if let token = key.token { headers.append(("X-Amz-Security-Token", token)) }
        var request = WireRequest(method: "POST", path: "/", query: "", headers: headers, body: Array("{}".utf8))
        let names = request.headers.map(\.name).sorted()
        let scope = [String(text.prefix(8)), "us-east-1", "sqs", "aws4_request"]
        let signature = SignatureV4.signature(of: request, names, time: text, scope: scope, key: key)
        let credential = "\(key.id)/\(scope.joined(separator: "/"))"
        request.headers.append(
            (
                "authorization",
                "AWS4-HMAC-SHA256 Credential=\(credential), SignedHeaders=\(names.joined(separator: ";")), Signature=\(signature)"
            ))
        change(&request)
        return request
    }

    @Test("what is missing, unknown, wrong or too old is refused as AWS refuses it")
    func refusals() async throws {
        var configuration = SQSEndpoint.Configuration()
        let temporary = SignatureV4.Key(id: "ASIA", secret: "secret", token: "token")
        configuration.keys = [Self.key, temporary]
        let test = EndpointUnderTest(configuration)
        let now = test.clock.now
        func answer(_ request: WireRequest) async throws -> String {
            let answer = try await test.send(request)
            return answer.status == 200 ? "200" : "\(answer.status) \(answer.text)"
        }
        #expect(try await answer(signed(Self.key, at: now)) == "200")
        #expect(try await answer(signed(temporary, at: now)) == "200")
        for minutes in [-15, 15] as [Int64] {
            #expect(try await answer(signed(Self.key, at: now + .seconds(60 * minutes))) == "200")
        }
        var wrong = Self.key
        wrong.secret += "x"
        var unknown = Self.key
        unknown.id += "x"
        var tokenless = temporary
        tokenless.token = nil
        let unsigned = signed(Self.key, at: now) { $0.headers.removeAll { $0.name == "authorization" } }
        for (request, expected) in [
            (signed(wrong, at: now), "403 SignatureDoesNotMatch"),
            (signed(Self.key, at: now) { $0.body = Array("{ }".utf8) }, "403 SignatureDoesNotMatch"),
            (signed(Self.key, at: now) { $0.query = "a=b" }, "403 SignatureDoesNotMatch"),
            (signed(Self.key, at: now) { $0.headers[0].value = "other" }, "403 SignatureDoesNotMatch"),
            (signed(unknown, at: now), "403 InvalidClientTokenId"),
            (signed(tokenless, at: now), "403 InvalidClientTokenId"),
            (unsigned, "403 MissingAuthenticationToken"),
            (signed(Self.key, at: now - .seconds(901)), "403 SignatureDoesNotMatch"),
            (signed(Self.key, at: now + .seconds(901)), "403 SignatureDoesNotMatch"),
            (
                signed(Self.key, at: now) { $0.headers[$0.headers.count - 1].value = "AWS4-HMAC-SHA256 Credential=a" },
                "400 IncompleteSignature"
            ),
            (
                signed(Self.key, at: now) { $0.headers[$0.headers.count - 1].value = "AWS4-HMAC-SHA256" },
                "400 IncompleteSignature"
            ),
            (
                signed(Self.key, at: now) { request in
                    let last = request.headers.count - 1
                    request.headers[last].value.replace("/sqs/", with: "/sns/")
                }, "403 SignatureDoesNotMatch"
            ),
        ] {
            let found = try await answer(request)
            let parts = expected.split(separator: " ")
            #expect(found.hasPrefix("\(parts[0])") && found.contains("#\(parts[1])"), "\(expected): \(found)")
        }
        #expect(try await answer(signed(Self.key, at: now - .seconds(901))).contains("Signature expired"))
    }

    @Test("the query of a presigned URL is a signature, too, until it expires")
    func presigned() async throws {
        var configuration = SQSEndpoint.Configuration()
        configuration.keys = [Self.key]
        let test = EndpointUnderTest(configuration)
        let text = SignatureV4.text(test.clock.now)
        let scope = [String(text.prefix(8)), "us-east-1", "sqs", "aws4_request"]
        let credential = "\(Self.key.id)/\(scope.joined(separator: "/"))".replacing("/", with: "%2F")
        var request = WireRequest(
            method: "GET", path: "/",
            query:
                "Action=ListQueues&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=\(credential)&X-Amz-Date=\(text)&X-Amz-Expires=60&X-Amz-SignedHeaders=host",
            headers: [("Host", "localhost")], body: [])
        let signature = SignatureV4.signature(
            of: request, ["host"], time: text, scope: scope, key: Self.key, isPresigned: true)
        request.query += "&X-Amz-Signature=\(signature)"
        #expect(try await test.send(request).status == 200)
        var changed = request
        changed.query = request.query.replacing("Expires=60", with: "Expires=600")
        #expect(try await test.send(changed).text.contains("<Code>SignatureDoesNotMatch</Code>"))
        test.clock.advance(.seconds(61))
        #expect(try await test.send(request).text.contains("<Code>RequestExpired</Code>"))
    }

    @Test("a header that decides what is done has to be signed")
    func unsignedHeaders() async throws {
        var configuration = SQSEndpoint.Configuration()
        configuration.keys = [Self.key]
        let test = EndpointUnderTest(configuration)
        for name in ["x-amz-target", "x-amz-security-token", "x-amz-anything"] {
            let request = signed(Self.key, at: test.clock.now) { request in
                request.headers.removeAll { $0.name == name }
                request.headers.append((name, "AmazonSQS.ListQueues"))
                let last = request.headers.firstIndex { $0.name == "authorization" } ?? 0
                request.headers[last].value.replace(";\(name)", with: "")
            }
            let answer = try await test.send(request)
            #expect(answer.status == 403 && answer.text.contains("SignatureDoesNotMatch"), "\(name): \(answer.text)")
        }
    }

    @Test("with keys an account reaches its own queues only")
    func accounts() async throws {
        var configuration = SQSEndpoint.Configuration()
        configuration.keys = [
            SignatureV4.Key(id: "111111111111", secret: "one"), SignatureV4.Key(id: "222222222222", secret: "two"),
        ]
        let test = EndpointUnderTest(configuration)
        func call(_ action: String, _ parameters: JSON, _ key: Int) async throws -> EndpointUnderTest.Answer {
            var request = signed(configuration.keys[key], at: test.clock.now)
            let text = SignatureV4.text(test.clock.now)
            request.headers = [("host", "h"), ("x-amz-date", text), ("x-amz-target", "AmazonSQS.\(action)")]
            request.body = parameters.serialized
            let scope = [String(text.prefix(8)), "us-east-1", "sqs", "aws4_request"]
            let names = request.headers.map(\.name)
            let signature = SignatureV4.signature(
                of: request, names, time: text, scope: scope, key: configuration.keys[key])
            let credential = "\(configuration.keys[key].id)/\(scope.joined(separator: "/"))"
            request.headers.append(
                (
                    "authorization",
                    "AWS4-HMAC-SHA256 Credential=\(credential), SignedHeaders=\(names.joined(separator: ";")), Signature=\(signature)"
                ))
            return try await test.send(request)
        }
        #expect(try await call("CreateQueue", ["QueueName": "q"], 0).status == 200)
        let url: JSON = "http://h/111111111111/q"
        #expect(try await call("PurgeQueue", ["QueueUrl": url], 0).status == 200)
        let arn: JSON = "arn:aws:sqs:us-east-1:111111111111:q"
        for (action, parameters) in [
            ("ReceiveMessage", ["QueueUrl": url]), ("DeleteQueue", ["QueueUrl": url]),
            ("GetQueueUrl", ["QueueName": "q", "QueueOwnerAWSAccountId": "111111111111"]),
            ("ListMessageMoveTasks", ["SourceArn": arn]), ("StartMessageMoveTask", ["SourceArn": arn]),
        ] as [(String, JSON)] {
            let answer = try await call(action, parameters, 1)
            #expect(answer.status == 403 && answer.text.contains("AccessDenied"), "\(action): \(answer.text)")
        }
        #expect(!test.endpoint.isOpen, "nor are messages shown")
    }

    @Test("a plus sign is signed as it is read")
    func plus() {
        let one = Self.request("GET", "/", "a=x+y", [], ""), other = Self.request("GET", "/", "a=x%20y", [], "")
        let third = Self.request("GET", "/", "a=x%2By", [], "")
        func canonical(_ request: WireRequest) -> String { SignatureV4.canonicalRequest(request, ["host"]) }
        #expect(canonical(one) == canonical(other) && canonical(one) != canonical(third))
    }

    @Test("keys as they are configured")
    func keys() {
        #expect(
            SignatureV4.Key.list("a:b,c:d:e:f") == [
                SignatureV4.Key(id: "a", secret: "b"), SignatureV4.Key(id: "c", secret: "d", token: "e:f"),
            ])
        #expect(SignatureV4.Key.list(" a:b , c:d ")?.map(\.secret) == ["b", "d"])
        for text in ["", "a", "a:", ":b", "a:b,c", "a:b,", "a:b,a:c"] {
            #expect(SignatureV4.Key.list(text) == nil, "\(text)")
        }
    }
}
