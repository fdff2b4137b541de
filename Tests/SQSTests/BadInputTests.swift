import Model
import SQS
import SQSFunction
import TestRandom
import Testing

/// Whatever a client sends gets an answer that says what was wrong.
@Suite struct BadInputTests {
    private func post(
        _ body: String, target: String?, _ test: EndpointUnderTest
    ) async throws -> EndpointUnderTest.Answer {
        try await test.send(
            WireRequest(
                method: "POST", path: "/", query: "",
                headers: [("Host", "h")] + (target.map { [("X-Amz-Target", $0)] } ?? []), body: Array(body.utf8)))
    }

    @Test("a page in a browser is refused where nobody signs", arguments: Wire.allCases)
    func webPage(wire: Wire) async throws {
        let test = EndpointUnderTest()
        for (name, value) in [("Origin", "https://example.com"), ("Origin", "null"), ("Sec-Fetch-Site", "cross-site")] {
            let answer = try await test.call(
                .createQueue, ["QueueName": "q"], on: wire, headers: [(name: name, value: value)])
            #expect(answer.status == 403 && answer.code == "AccessDenied", "\(name): \(value)")
        }
        #expect(try await test.call(.listQueues, on: wire).body["QueueUrls"] == nil)
    }

    @Test(
        "in AWS JSON",
        arguments: [
            ("AmazonSQS.Nothing", "{}", "com.amazon.coral.service#UnknownOperationException"),
            ("Nothing", "{}", "com.amazon.coral.service#UnknownOperationException"),
            ("AmazonSQS.ListQueues", #"{"MaxResults": "#, "com.amazon.coral.service#SerializationException"),
            ("AmazonSQS.ListQueues", "[]", "com.amazon.coral.service#SerializationException"),
            ("AmazonSQS.ListQueues", #"{"MaxResults": "5"}"#, "com.amazon.coral.service#SerializationException"),
            ("AmazonSQS.ListQueues", #"{"MaxResults": 1.5}"#, "com.amazon.coral.service#SerializationException"),
            ("AmazonSQS.ListQueues", #"{"QueueNamePrefix": 5}"#, "com.amazon.coral.service#SerializationException"),
            (
                "AmazonSQS.CreateQueue", #"{"QueueName": "q", "Attributes": []}"#,
                "com.amazon.coral.service#SerializationException"
            ),
            (
                "AmazonSQS.CreateQueue", #"{"QueueName": "q", "Attributes": {"DelaySeconds": 5}}"#,
                "com.amazon.coral.service#SerializationException"
            ),
            ("AmazonSQS.CreateQueue", "", "com.amazonaws.sqs#MissingRequiredParameterException"),
            ("AmazonSQS.CreateQueue", #"{"QueueName": null}"#, "com.amazonaws.sqs#MissingRequiredParameterException"),
        ])
    func json(target: String, body: String, type: String) async throws {
        let test = EndpointUnderTest()
        let answer = try await post(body, target: target, test)
        #expect(answer.status == 400 && answer.text.contains("\"__type\":\"\(type)\""), "\(answer.text)")
    }

    @Test(
        "in the query protocol",
        arguments: [
            ("Action=Nothing", 400, "InvalidAction"),
            ("Action=ListQueues&MaxResults=NaN", 400, "InvalidParameterValue"),
            ("Action=ListQueues&MaxResults=1e2", 400, "InvalidParameterValue"),
            ("Action=ListQueues&Version=1999-01-01", 400, "NoSuchVersion"),
            ("Action=CreateQueue", 400, "MissingParameter"),
            ("Action=CreateQueue&QueueName=%", 400, "MalformedQueryString"),
            ("Action=CreateQueue&QueueName=%ff", 400, "MalformedQueryString"),
            ("Action=CreateQueue&QueueName=%00", 400, "InvalidParameterValue"),
            (
                "Action=SendMessageBatch&QueueUrl=q&SendMessageBatchRequestEntry=", 400,
                "AWS.SimpleQueueService.EmptyBatchRequest"
            ),
            ("", 404, "UnknownOperationException"), ("a=b&c", 404, "UnknownOperationException"),
        ])
    func query(body: String, status: Int, code: String) async throws {
        let test = EndpointUnderTest()
        let answer = try await post(body, target: nil, test)
        #expect(answer.status == status && answer.text.contains(code), "\(answer.text)")
    }

    @Test("2 MiB are too long for a message, and no reason to hang up", arguments: Wire.allCases)
    func large(wire: Wire) async throws {
        let test = EndpointUnderTest()
        let url = JSON.string(try await test.queue("q"))
        let body = JSON.string(String(repeating: "x", count: 2 << 20))
        let answer = try await test.call(.sendMessage, ["QueueUrl": url, "MessageBody": body], on: wire)
        #expect(answer.status == 400 && answer.message?.contains("must be shorter than") == true)
    }

    @Test("100,000 parameters are refused")
    func manyParameters() async throws {
        let test = EndpointUnderTest()
        let body = "Action=ListQueues" + String(repeating: "&a=b", count: 100_000)
        #expect(try await post(body, target: nil, test).status == 400)
    }

    /// No answer but 2xx and 4xx, whatever part of a good request is damaged.
    @Test("damaged requests are never a failure of the service", arguments: [1, 2, 3, 4] as [UInt64])
    func damaged(seed: UInt64) async throws {
        let test = EndpointUnderTest()
        var random = SeededGenerator(seed: seed)
        let url = try await test.queue("q")
        let good: [(SQSAction, JSON)] = [
            (.createQueue, ["QueueName": "q", "Attributes": ["DelaySeconds": "0"], "tags": ["a": "b"]]),
            (
                .sendMessage,
                [
                    "QueueUrl": .string(url), "MessageBody": "x", "DelaySeconds": 1,
                    "MessageAttributes": ["a": ["DataType": "String", "StringValue": "x"]],
                ]
            ),
            (
                .sendMessageBatch,
                [
                    "QueueUrl": .string(url),
                    "Entries": [["Id": "a", "MessageBody": "x"], ["Id": "b", "MessageBody": "y"]],
                ]
            ),
            (
                .receiveMessage,
                [
                    "QueueUrl": .string(url), "AttributeNames": ["All"], "MaxNumberOfMessages": 3,
                    "VisibilityTimeout": 0,
                ]
            ),
            (.setQueueAttributes, ["QueueUrl": .string(url), "Attributes": ["RedrivePolicy": "{}"]]),
            (.startMessageMoveTask, ["SourceArn": "arn:aws:sqs:us-east-1:000000000000:q"]),
        ]
        let odd: [JSON] = [
            .null, true, 0, -1, .number("1e400"), .number("99999999999999999999"), "", "\u{0}", "é", .string(url),
            [], .object([]), ["x": .null], [["Id": .null]], .string(String(repeating: "x", count: 300)),
        ]
        for _ in 0..<300 {
            var (action, parameters) = good.randomElement(using: &random)!
            if Int.random(in: 0..<3, using: &random) == 0 { action = SQSAction.allCases.randomElement(using: &random)! }
            parameters = BadInputTests.damage(parameters, odd, &random)
            var body = parameters.serialized
            if Int.random(in: 0..<4, using: &random) == 0, !body.isEmpty {
                body[Int.random(in: 0..<body.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            let answer = try await test.send(
                WireRequest(
                    method: "POST", path: "/", query: "",
                    headers: [("Host", "h"), ("X-Amz-Target", "AmazonSQS.\(action.rawValue)")], body: body))
            #expect(
                answer.status < 500, "seed \(seed): \(action) \(String(decoding: body, as: UTF8.self)): \(answer.text)")
        }
    }

    /// Replaces one value, at any depth.
    private static func damage(_ json: JSON, _ odd: [JSON], _ random: inout SeededGenerator) -> JSON {
        if Int.random(in: 0..<4, using: &random) == 0 { return odd.randomElement(using: &random)! }
        switch json {
        case .array(var elements) where !elements.isEmpty:
            let place = Int.random(in: 0..<elements.count, using: &random)
            elements[place] = damage(elements[place], odd, &random)
            return .array(elements)
        case .object(var members) where !members.isEmpty:
            let place = Int.random(in: 0..<members.count, using: &random)
            members[place].value = damage(members[place].value, odd, &random)
            return .object(members)
        default: return odd.randomElement(using: &random)!
        }
    }
}
