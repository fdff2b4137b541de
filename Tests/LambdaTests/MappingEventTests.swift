import Lambda
import Model
import Testing

/// The event that a function gets. Rows are those of docs/lambda-and-sqs.md.
@Suite struct MappingEventTests {
    private let arn = "arn:aws:sqs:us-east-1:000000000000:orders"

    private func message(_ json: JSON) throws -> MappingMessage {
        try #require(MappingMessage(received: json, queueARN: arn, region: "us-east-1"))
    }

    @Test("row 34: a record has lower-case keys, in AWS's order")
    func record() throws {
        let found = try message([
            "MessageId": "m1", "ReceiptHandle": "h1", "MD5OfBody": "d1", "Body": "grüße \"x\"\n",
            "Attributes": ["SenderId": "AIDATEST", "SentTimestamp": "1", "ApproximateReceiveCount": "1"],
        ])
        #expect(
            String(decoding: MappingEvent.bytes([found]), as: UTF8.self)
                == #"{"Records":[{"messageId":"m1","receiptHandle":"h1","body":"grüße \"x\"\n","attributes":{"SenderId":"AIDATEST","SentTimestamp":"1","ApproximateReceiveCount":"1"},"messageAttributes":{},"md5OfBody":"d1","eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:us-east-1:000000000000:orders","awsRegion":"us-east-1"}]}"#
        )
        #expect(found.messageID == "m1" && found.receiptHandle == "h1" && found.body == "grüße \"x\"\n")
        #expect(found.groupID == "")
    }

    @Test("row 34: attributes have dataType, stringValue or binaryValue, and two empty lists")
    func attributes() throws {
        let found = try message([
            "MessageId": "m1", "ReceiptHandle": "h1", "MD5OfBody": "d1", "Body": "x", "MD5OfMessageAttributes": "d2",
            "Attributes": ["MessageGroupId": "g"],
            "MessageAttributes": [
                "n": ["StringValue": "5", "DataType": "Number"],
                "b": ["BinaryValue": "AP8K", "DataType": "Binary.png"],
            ],
        ])
        #expect(found.groupID == "g")
        let record = try JSON(parsing: found.record)
        #expect(
            record["messageAttributes"] == [
                "n": ["stringValue": "5", "stringListValues": [], "binaryListValues": [], "dataType": "Number"],
                "b": [
                    "binaryValue": "AP8K", "stringListValues": [], "binaryListValues": [], "dataType": "Binary.png",
                ],
            ])
        #expect(record["md5OfMessageAttributes"] == "d2")
    }

    @Test("row 34: what a message counts is never less than what it takes in the event")
    func length() throws {
        let found = try (1...50).map {
            try message([
                "MessageId": .string("m\($0)"), "ReceiptHandle": "h", "MD5OfBody": "d",
                "Body": .string(String(repeating: "\"", count: $0)),
            ])
        }
        for count in [0, 1, 2, 50] {
            let batch = Array(found[..<count])
            let event = MappingEvent.bytes(batch)
            #expect(try JSON(parsing: event)["Records"]?.elements?.count == count)
            #expect(count == 0 || event.count <= batch.reduce(0) { $0 + $1.bytes })
        }
    }

    @Test("an answer without id, handle or body is no message", arguments: ["MessageId", "ReceiptHandle", "Body"])
    func incomplete(missing: String) {
        let members = ["MessageId", "ReceiptHandle", "Body"].filter { $0 != missing }.map { JSON.Member($0, "x") }
        #expect(MappingMessage(received: .object(members), queueARN: arn, region: "us-east-1") == nil)
    }
}
