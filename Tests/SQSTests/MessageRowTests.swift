import Foundation
import Model
import SQS
import SQSFunction
import Testing

/// The rows of docs/lambda-and-sqs.md about messages, on both protocols.
@Suite struct MessageRowTests {
    private func send(
        _ body: JSON, _ url: String, _ more: [JSON.Member] = [], on wire: Wire, _ test: EndpointUnderTest
    ) async throws -> EndpointUnderTest.Answer {
        try await test.call(
            .sendMessage, .object([.init("QueueUrl", .string(url)), .init("MessageBody", body)] + more), on: wire)
    }
    private static func text(_ count: Int) -> JSON { .string(String(repeating: "x", count: count)) }

    @Test("row 1: a message has at most 1,048,576 bytes, attributes included", arguments: Wire.allCases)
    func size(wire: Wire) async throws {
        let test = EndpointUnderTest()
        let url = try await test.queue("q")
        #expect(try await send(Self.text(1_048_576), url, on: wire, test).status == 200)
        let tooLong =
            "InvalidParameterValue: One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes."
        #expect(try await send(Self.text(1_048_577), url, on: wire, test).error == tooLong)
        let attributes: JSON = ["name": ["DataType": "String", "StringValue": "value"]]
        let more = [JSON.Member("MessageAttributes", attributes)]
        // name, String and value are 15 bytes.
        #expect(try await send(Self.text(1_048_561), url, more, on: wire, test).status == 200)
        #expect(try await send(Self.text(1_048_562), url, more, on: wire, test).error == tooLong)
        let small = try await test.queue("small", ["MaximumMessageSize": "1024"])
        #expect(try await send(Self.text(1_024), small, on: wire, test).status == 200)
        #expect(try await send(Self.text(1_025), small, on: wire, test).error.hasSuffix("shorter than 1024 bytes."))
    }

    @Test("row 2: a batch has at most 1,048,576 bytes in sum", arguments: Wire.allCases)
    func batchSize(wire: Wire) async throws {
        let test = EndpointUnderTest()
        let url = try await test.queue("q")
        func batch(_ sizes: [Int], _ url: String) async throws -> EndpointUnderTest.Answer {
            let entries = sizes.enumerated().map { index, size -> JSON in
                ["Id": .string("\(index)"), "MessageBody": Self.text(size)]
            }
            return try await test.call(
                .sendMessageBatch, ["QueueUrl": .string(url), "Entries": .array(entries)], on: wire)
        }
        #expect(try await batch([524_288, 524_288], url).body["Successful"]?.elements?.count == 2)
        let answer = try await batch([524_288, 524_289], url)
        #expect(
            answer.error
                == "AWS.SimpleQueueService.BatchRequestTooLong: Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes."
        )
        let small = try await test.queue("small", ["MaximumMessageSize": "1024"])
        let part = try await batch([1_024, 1_025], small)
        #expect(part.body["Successful"]?.elements?.count == 1)
        #expect(part.body["Failed"]?.elements?.first?["Id"]?.text == "1", "only the entry that is too long")
        #expect(try await batch([1_024, 1_024], small).body["Failed"] == nil)
    }

    @Test(
        "row 3: what is wrong with the entries fails the batch, what is wrong in one fails that",
        arguments: Wire.allCases)
    func batchEntries(wire: Wire) async throws {
        let test = EndpointUnderTest()
        let url = try await test.queue("q")
        func batch(_ ids: [String]) async throws -> EndpointUnderTest.Answer {
            let entries = ids.map { id -> JSON in ["Id": .string(id), "MessageBody": "x"] }
            return try await test.call(
                .sendMessageBatch, ["QueueUrl": .string(url), "Entries": .array(entries)], on: wire)
        }
        let prefix = "AWS.SimpleQueueService."
        #expect(try await batch([]).code == prefix + "EmptyBatchRequest")
        #expect(
            try await batch((0...10).map { "\($0)" }).error
                == prefix
                + "TooManyEntriesInBatchRequest: Maximum number of entries per request are 10. You have sent 11.")
        #expect(try await batch(["a", "b", "a"]).error == prefix + "BatchEntryIdsNotDistinct: Id a repeated.")
        for id in ["a.b", "é", String(repeating: "x", count: 81)] {
            #expect(try await batch([id]).code == prefix + "InvalidBatchEntryId", "\(id)")
        }
        let good = try await batch(["a_-Z9", String(repeating: "x", count: 80)])
        #expect(good.body["Successful"]?.elements?.count == 2 && good.body["Failed"] == nil)
        for action in [SQSAction.deleteMessageBatch, .changeMessageVisibilityBatch] {
            let answer = try await test.call(
                action,
                [
                    "QueueUrl": .string(url),
                    "Entries": [["Id": "a", "ReceiptHandle": "nonsense", "VisibilityTimeout": 3]],
                ], on: wire)
            let failed = answer.body["Failed"]?.elements?.first
            #expect(answer.status == 200 && answer.body["Successful"] == nil)
            #expect(failed?["Code"]?.text == "ReceiptHandleIsInvalid" && failed?["SenderFault"]?.flag == true)
        }
    }

    @Test("row 7: an empty receive has no list", arguments: Wire.allCases)
    func emptyReceive(wire: Wire) async throws {
        let test = EndpointUnderTest()
        let url = try await test.queue("q")
        let answer = try await test.call(.receiveMessage, ["QueueUrl": .string(url)], on: wire)
        #expect(answer.status == 200)
        switch wire {
        case .json: #expect(answer.text == "{}")
        case .query: #expect(answer.text.contains("<ReceiveMessageResult></ReceiveMessageResult>"), "\(answer.text)")
        }
        #expect(try await test.call(.listQueueTags, ["QueueUrl": .string(url)], on: wire).body == .object([]))
        #expect(
            try await test.call(.listQueues, ["QueueNamePrefix": "none"], on: wire).body == .object([]))
    }

    @Test("row 8: a long poll answers with the first message, and never waits to fill", arguments: Wire.allCases)
    func longPoll(wire: Wire) async throws {
        let test = EndpointUnderTest()
        let url = try await test.queue("q")
        async let polled = test.receive(url, on: wire, [.init("WaitTimeSeconds", 20)])
        while await test.endpoint.waitingPolls == 0 { await Task.yield() }
        _ = try await send("one", url, on: wire, test)
        #expect(try await polled.map { $0["Body"]?.text } == ["one"])
        for seconds in [-1, 21] {
            let answer = try await test.call(
                .receiveMessage, ["QueueUrl": .string(url), "WaitTimeSeconds": .integer(seconds)], on: wire)
            #expect(
                answer.error
                    == "InvalidParameterValue: Value \(seconds) for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided."
            )
        }
    }

    @Test("row 9: one to ten messages", arguments: Wire.allCases)
    func number(wire: Wire) async throws {
        let test = EndpointUnderTest()
        let url = try await test.queue("q")
        for count in [0, 11] {
            let answer = try await test.call(
                .receiveMessage, ["QueueUrl": .string(url), "MaxNumberOfMessages": .integer(count)], on: wire)
            #expect(
                answer.error
                    == "InvalidParameterValue: Value \(count) for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided."
            )
        }
    }

    @Test("row 10: a receive returns the attributes that it asks for", arguments: Wire.allCases)
    func askedAttributes(wire: Wire) async throws {
        let test = EndpointUnderTest()
        let url = try await test.queue("q", ["VisibilityTimeout": "0"])
        let values: [String] = ["a.one", "a.two", "b"]
        let attributes = JSON.object(
            values.map { .init($0, ["DataType": "String", "StringValue": .string($0)]) })
        _ = try await send("x", url, [.init("MessageAttributes", attributes)], on: wire, test)
        func received(_ members: [JSON.Member]) async throws -> JSON {
            try await test.call(
                .receiveMessage, .object([.init("QueueUrl", .string(url))] + members), on: wire
            ).body["Messages"]?.elements?.first ?? .null
        }
        func names(_ json: JSON) -> [String] { json["MessageAttributes"]?.members?.map(\.name) ?? [] }
        let none = try await received([])
        #expect(names(none) == [] && none["MD5OfMessageAttributes"] == nil && none["Attributes"] == nil)
        for (asked, found) in [
            (["All"], values), ([".*"], values), (["a.*"], ["a.one", "a.two"]), (["b", "c"], ["b"]), (["c"], []),
        ] {
            let message = try await received([.init("MessageAttributeNames", .array(asked.map { .string($0) }))])
            #expect(names(message) == found, "\(asked)")
            let digest = MessageAttribute.digest(
                found.map { MessageAttribute(name: $0, type: "String", value: .text($0)) })
            #expect(message["MD5OfMessageAttributes"]?.text == digest, "of those that are returned: \(asked)")
        }
        for name in ["AttributeNames", "MessageSystemAttributeNames"] {
            let message = try await received([.init(name, ["SentTimestamp", "ApproximateReceiveCount"])])
            #expect(
                Set(message["Attributes"]?.members?.map(\.name) ?? []) == ["SentTimestamp", "ApproximateReceiveCount"])
            let unknown = try await test.call(
                .receiveMessage, .object([.init("QueueUrl", .string(url)), .init(name, ["Nothing"])]), on: wire)
            #expect(unknown.error == "InvalidAttributeName: Unknown Attribute Nothing.")
        }
    }

    /// Digests computed by boto3's own function.
    @Test("row 11: digests of attributes")
    func digests() {
        let attributes = [
            MessageAttribute(name: "k", type: "String", value: .text("v")),
            MessageAttribute(name: "b", type: "Binary", value: .binary([0, 1])),
        ]
        #expect(MessageAttribute.digest(attributes) == "eb275886858fc7bc63216742c9bebbb1")
        let trace = MessageAttribute(name: "AWSTraceHeader", type: "String", value: .text("Root=1"))
        #expect(MessageAttribute.digest([trace]) == "d6619b3d47b81d3fc72c0db005a70eda")
        #expect(MessageAttribute.digest([]) == nil)
        #expect(MessageBody.digest("hello".utf8) == "5d41402abc4b2a76b9719d911017c592")
    }

    @Test(
        "row 12: what attributes may be", arguments: Wire.allCases,
        [
            ("a", "String", "", "Message (user) attribute 'a' must contain a non-empty value of type 'String'."),
            ("a", "Number", "x", "Can't cast the value of message (user) attribute 'a' to a number."),
            ("a", "Text", "x", "The message attribute 'a' has an invalid message attribute type"),
            ("a", "", "x", "must contain a non-empty attribute type"),
            ("AWS.a", "String", "x", "can not start with AWS. or Amazon."),
            ("amazon.a", "String", "x", "can not start with AWS. or Amazon."),
            (".a", "String", "x", "start or end with a period"), ("a.", "String", "x", "start or end with a period"),
            ("a..b", "String", "x", "two in a row"),
            ("a b", "String", "x", "The message attribute name 'a b' is invalid"),
            (String(repeating: "n", count: 257), "String", "x", "must be less than 256 bytes"),
        ])
    func wrongAttributes(wire: Wire, attribute: (String, String, String, String)) async throws {
        let test = EndpointUnderTest()
        let url = try await test.queue("q")
        let (name, type, value, expected) = attribute
        let attributes = JSON.object([
            .init(name, ["DataType": .string(type), "StringValue": .string(value)])
        ])
        let answer = try await send("x", url, [.init("MessageAttributes", attributes)], on: wire, test)
        #expect(answer.status == 400 && answer.code == "InvalidParameterValue", "\(answer.error)")
        #expect(answer.message?.contains(expected) == true, "\(answer.error)")
    }

    @Test("row 12: ten attributes, with labels and of all types", arguments: Wire.allCases)
    func manyAttributes(wire: Wire) async throws {
        let test = EndpointUnderTest()
        let url = try await test.queue("q", ["VisibilityTimeout": "0"])
        func attributes(_ count: Int) -> [JSON.Member] {
            [
                .init(
                    "MessageAttributes",
                    .object(
                        (0..<count).map { number in
                            .init("n\(number)", ["DataType": "Number.int", "StringValue": .string("\(number)e3")])
                        }))
            ]
        }
        #expect(try await send("x", url, attributes(10), on: wire, test).status == 200)
        #expect(
            try await send("x", url, attributes(11), on: wire, test).error
                == "InvalidParameterValue: Number of message attributes [11] exceeds the allowed maximum [10].")
        let binary: JSON = ["b": ["DataType": "Binary.gif", "BinaryValue": "AP8K"]]
        _ = try await send("y", url, [.init("MessageAttributes", binary)], on: wire, test)
        let messages = try await test.receive(url, on: wire)
        let found = messages.first { $0["Body"]?.text == "y" }?["MessageAttributes"]?["b"]
        #expect(found?["BinaryValue"]?.text == "AP8K" && found?["DataType"]?.text == "Binary.gif")
    }

    @Test("row 13: bodies of any character that XML has, and of at least one", arguments: Wire.allCases)
    func bodies(wire: Wire) async throws {
        let test = EndpointUnderTest()
        let url = try await test.queue("q")
        let missing = "MissingParameter: The request must contain the parameter MessageBody."
        #expect(try await send("", url, on: wire, test).error == missing)
        #expect(try await test.call(.sendMessage, ["QueueUrl": .string(url)], on: wire).error == missing)
        for scalar: UInt32 in [0x0, 0x1, 0x8, 0xB, 0xC, 0xE, 0x1F, 0xFFFE, 0xFFFF] {
            let body = JSON.string("a" + String(Unicode.Scalar(scalar)!))
            #expect(try await send(body, url, on: wire, test).code == "InvalidMessageContents", "\(scalar)")
            let batch = try await test.call(
                .sendMessageBatch,
                [
                    "QueueUrl": .string(url),
                    "Entries": [["Id": "bad", "MessageBody": body], ["Id": "good", "MessageBody": "x"]],
                ], on: wire)
            #expect(batch.body["Failed"]?.elements?.first?["Id"]?.text == "bad")
            #expect(batch.body["Successful"]?.elements?.first?["Id"]?.text == "good")
        }
        let purge = try await test.call(.purgeQueue, ["QueueUrl": .string(url)], on: wire)
        #expect(purge.status == 200)
        let allowed: [UInt32] = [0x9, 0xA, 0xD, 0x20, 0x7F, 0x85, 0xD7FF, 0xE000, 0xFFFD, 0x10000, 0x10FFFF]
        let body = "<&>\"' " + allowed.map { String(Unicode.Scalar($0)!) }.joined() + "\r\n"
        #expect(try await send(.string(body), url, on: wire, test).status == 200)
        let message = try #require(try await test.receive(url, on: wire).first)
        #expect(message["Body"]?.text.map { Array($0.utf8) } == Array(body.utf8))
        #expect(message["MD5OfBody"]?.text == MessageBody.digest(body.utf8))
    }

    @Test("row 13: half a surrogate pair is no character")
    func surrogates() async throws {
        let test = EndpointUnderTest()
        let url = try await test.queue("q")
        let request = WireRequest(
            method: "POST", path: "/", query: "", headers: [("X-Amz-Target", "AmazonSQS.SendMessage")],
            body: Array(#"{"QueueUrl": "\#(url)", "MessageBody": "a\ud800b"}"#.utf8))
        let answer = try await test.send(request)
        #expect(answer.status == 400 && answer.text.contains("#InvalidMessageContents"), "\(answer.text)")
    }

    @Test("row 14: handles of a standard queue", arguments: Wire.allCases)
    func standardHandles(wire: Wire) async throws {
        let test = EndpointUnderTest()
        let url = try await test.queue("q", ["VisibilityTimeout": "5"])
        _ = try await send("x", url, on: wire, test)
        func delete(_ handle: String?) async throws -> EndpointUnderTest.Answer {
            try await test.call(
                .deleteMessage, ["QueueUrl": .string(url), "ReceiptHandle": .string(handle ?? "")], on: wire)
        }
        let old = try await test.receive(url, on: wire).first?["ReceiptHandle"]?.text
        test.clock.advance(.seconds(6))
        let new = try await test.receive(url, on: wire).first?["ReceiptHandle"]?.text
        #expect(try await delete(old).status == 200)
        #expect(try await test.counts(url) == ["0", "1", "0"], "an older handle deletes nothing")
        test.clock.advance(.seconds(6))
        #expect(try await delete(new).status == 200)
        #expect(try await test.counts(url) == ["0", "0", "0"], "the last one does, after its timeout")
        #expect(try await delete(new).status == 200, "gone already")
        #expect(
            try await delete("X").error
                == "ReceiptHandleIsInvalid: The input receipt handle \"X\" is not a valid receipt handle.")
    }

    @Test("a handle that is cut, changed, or of another queue is no handle", arguments: Wire.allCases)
    func foreignHandles(wire: Wire) async throws {
        let test = EndpointUnderTest()
        let (url, other) = (try await test.queue("q"), try await test.queue("other"))
        _ = try await send("x", url, on: wire, test)
        let handle = try #require(try await test.receive(url, on: wire).first?["ReceiptHandle"]?.text)
        var wrong = [String(handle.dropLast()), handle + "A", String(handle.reversed())]
        let bytes = Array(try #require(Data(base64Encoded: handle)))
        for place in bytes.indices {
            var changed = bytes
            changed[place] ^= 1
            wrong.append(Data(changed).base64EncodedString())
        }
        for (url, handle) in wrong.map({ (url, $0) }) + [(other, handle)] {
            for action in [SQSAction.deleteMessage, .changeMessageVisibility] {
                let answer = try await test.call(
                    action,
                    ["QueueUrl": .string(url), "ReceiptHandle": .string(handle), "VisibilityTimeout": 1], on: wire)
                #expect(answer.code == "ReceiptHandleIsInvalid", "\(handle): \(answer.error)")
            }
        }
        _ = try await test.call(.deleteQueue, ["QueueUrl": .string(url)], on: wire)
        test.clock.advance(.seconds(60))
        _ = try await test.queue("q")
        let answer = try await test.call(
            .deleteMessage, ["QueueUrl": .string(url), "ReceiptHandle": .string(handle)], on: wire)
        #expect(answer.code == "ReceiptHandleIsInvalid", "it is of a queue that was deleted")
    }

    @Test("row 15: handles of a FIFO queue", arguments: Wire.allCases)
    func fifoHandles(wire: Wire) async throws {
        let test = EndpointUnderTest()
        let url = try await test.fifo("q.fifo", [.init("VisibilityTimeout", "5")])
        _ = try await send("x", url, [.init("MessageGroupId", "g")], on: wire, test)
        let handle = try #require(try await test.receive(url, on: wire).first?["ReceiptHandle"]?.text)
        test.clock.advance(.seconds(6))
        let answer = try await test.call(
            .deleteMessage, ["QueueUrl": .string(url), "ReceiptHandle": .string(handle)], on: wire)
        #expect(
            answer.error
                == "InvalidParameterValue: Value \(handle) for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired."
        )
    }

    @Test("row 16: changes of a visibility timeout", arguments: Wire.allCases)
    func visibility(wire: Wire) async throws {
        let test = EndpointUnderTest()
        let url = try await test.queue("q")
        _ = try await send("x", url, on: wire, test)
        let handle = try #require(try await test.receive(url, on: wire).first?["ReceiptHandle"]?.text)
        func change(_ timeout: Int) async throws -> EndpointUnderTest.Answer {
            try await test.call(
                .changeMessageVisibility,
                [
                    "QueueUrl": .string(url), "ReceiptHandle": .string(handle), "VisibilityTimeout": .integer(timeout),
                ], on: wire)
        }
        #expect(try await change(-1).code == "InvalidParameterValue")
        #expect(try await change(43_201).code == "InvalidParameterValue")
        #expect(try await change(43_200).status == 200)
        test.clock.advance(.seconds(2))
        #expect(
            try await change(43_199).error
                == "InvalidParameterValue: Value 43199 for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the message is beyond the limit [43200 seconds]"
        )
        #expect(try await change(0).status == 200)
        #expect(try await test.counts(url) == ["1", "0", "0"])
        _ = try await test.call(
            .deleteMessage, ["QueueUrl": .string(url), "ReceiptHandle": .string(handle)], on: wire)
        #expect(
            try await change(1).error
                == "InvalidParameterValue: Value \(handle) for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change."
        )
    }

    @Test("row 25: parameters of FIFO queues", arguments: Wire.allCases)
    func fifoParameters(wire: Wire) async throws {
        let test = EndpointUnderTest()
        let plain = try await test.queue("plain.fifo", ["FifoQueue": "true"])
        let noGroup = "The request must contain the parameter MessageGroupId."
        #expect(try await send("x", plain, on: wire, test).error == "MissingParameter: \(noGroup)")
        let batch = try await test.call(
            .sendMessageBatch, ["QueueUrl": .string(plain), "Entries": [["Id": "a", "MessageBody": "x"]]], on: wire)
        #expect(batch.error == "InvalidParameterValue: \(noGroup)")
        let group = JSON.Member("MessageGroupId", "g")
        #expect(
            try await send("x", plain, [group], on: wire, test).error
                == "InvalidParameterValue: The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly"
        )
        let url = try await test.fifo("q.fifo")
        #expect(
            try await send("x", url, [group, .init("DelaySeconds", 2)], on: wire, test).error
                == "InvalidParameterValue: Value 2 for parameter DelaySeconds is invalid. Reason: The request include parameter that is not valid for this queue type."
        )
        #expect(try await send("x", url, [group, .init("DelaySeconds", 0)], on: wire, test).status == 200)
    }

    @Test("rows 24 and 26: a repetition has the first message's id and number, of 20 digits", arguments: Wire.allCases)
    func sequenceNumbers(wire: Wire) async throws {
        let test = EndpointUnderTest()
        let url = try await test.fifo("q.fifo")
        let group = [JSON.Member("MessageGroupId", "g")]
        let first = try await send("a", url, group, on: wire, test).body
        let second = try await send("b", url, group, on: wire, test).body
        let again = try await send("a", url, group, on: wire, test).body
        #expect(first["MessageId"] == again["MessageId"] && first["SequenceNumber"] == again["SequenceNumber"])
        let numbers = [first, second].compactMap { $0["SequenceNumber"]?.text }
        #expect(numbers.allSatisfy { $0.utf8.count == 20 } && numbers[0] < numbers[1])
        let received = try await test.receive(url, on: wire)
        #expect(received.map { $0["Attributes"]?["SequenceNumber"]?.text } == numbers)
        #expect(
            received[0]["Attributes"]?["MessageDeduplicationId"]?.text == MessageBody.deduplicationID("a"))
    }

    @Test("row 27: an attempt id gives a FIFO receive again, and is none of a standard queue", arguments: Wire.allCases)
    func attempts(wire: Wire) async throws {
        let test = EndpointUnderTest()
        let (url, standard) = (try await test.fifo("q.fifo"), try await test.queue("q"))
        _ = try await send("a", url, [.init("MessageGroupId", "g")], on: wire, test)
        let attempt = [JSON.Member("ReceiveRequestAttemptId", "try")]
        let first = try await test.receive(url, on: wire, attempt)
        #expect(first.count == 1)
        #expect(try await test.receive(url, on: wire, attempt) == first)
        #expect(try await test.receive(url, on: wire, attempt + [.init("WaitTimeSeconds", 5)]) == first)
        let answer = try await test.call(
            .receiveMessage, ["QueueUrl": .string(standard), "ReceiveRequestAttemptId": "try"], on: wire)
        #expect(answer.code == "InvalidParameterValue")
    }

    @Test("row 27: whoever lost an answer gets it, also while others wait")
    func attemptBehindPolls() async throws {
        let test = EndpointUnderTest()
        let url = try await test.fifo("q.fifo")
        _ = try await send("a", url, [.init("MessageGroupId", "g")], on: .json, test)
        let attempt = [JSON.Member("ReceiveRequestAttemptId", "try"), .init("WaitTimeSeconds", 20)]
        let first = try await test.receive(url, on: .json, attempt)
        async let other = test.receive(url, on: .json, [.init("WaitTimeSeconds", 20)])
        while await test.endpoint.waitingPolls == 0 { await Task.yield() }
        #expect(try await test.receive(url, on: .json, attempt) == first)
        _ = try await send("b", url, [.init("MessageGroupId", "h")], on: .json, test)
        #expect(try await other.map { $0["Body"]?.text } == ["b"])
    }

    @Test("row 28: group ids, also on standard queues", arguments: Wire.allCases)
    func groupIDs(wire: Wire) async throws {
        let test = EndpointUnderTest()
        for url in [try await test.queue("q"), try await test.fifo("q.fifo")] {
            let good = "!~" + String(repeating: "g", count: 126)
            #expect(try await send("x", url, [.init("MessageGroupId", .string(good))], on: wire, test).status == 200)
            #expect(
                try await test.receive(url, on: wire).first?["Attributes"]?["MessageGroupId"]?.text == good)
            for bad in ["a b", "é", good + "g"] {
                let answer = try await send("x", url, [.init("MessageGroupId", .string(bad))], on: wire, test)
                #expect(
                    answer.code == "InvalidParameterValue"
                        && answer.message?.contains("MessageGroupId can only include alphanumeric and punctuation")
                            == true
                )
            }
        }
    }

    @Test("row 33: the trace header, and no other system attribute", arguments: Wire.allCases)
    func traceHeader(wire: Wire) async throws {
        let test = EndpointUnderTest()
        let url = try await test.queue("q")
        let system: JSON = ["AWSTraceHeader": ["DataType": "String", "StringValue": "Root=1-2-3"]]
        let answer = try await send("a", url, [.init("MessageSystemAttributes", system)], on: wire, test)
        #expect(answer.body["MD5OfMessageSystemAttributes"] != nil && answer.body["MD5OfMessageAttributes"] == nil)
        _ = try await test.call(
            .sendMessage, ["QueueUrl": .string(url), "MessageBody": "b"], on: wire,
            headers: [("X-Amzn-Trace-Id", "Root=9")])
        let traces = try await test.receive(url, on: wire).map { $0["Attributes"]?["AWSTraceHeader"]?.text }
        #expect(traces == ["Root=1-2-3", "Root=9"])
        let other: JSON = ["Other": ["DataType": "String", "StringValue": "x"]]
        #expect(
            try await send("a", url, [.init("MessageSystemAttributes", other)], on: wire, test).code
                == "InvalidParameterValue")
    }
}
