package import Model
internal import SQS

/// A message in an event of AWS Lambda, as an event source mapping hands it over (AWS Lambda Developer Guide, "Using
/// Lambda with Amazon SQS").
package struct EventRecord: Sendable {
    /// What a report of failures names it by.
    package var messageID: String
    /// The receipt handle, which is its receipt's in `ReceivedMessage`.
    package var handle: String
    /// The name in SQS of the queue it was received from.
    var queue: String
    /// Why it cannot be used, if it is damaged.
    var message: Result<SQSIncoming, SQSClientError>

    /// The messages of an event; nil: it has none, or others than those of SQS.
    package static func list(of event: JSON) -> [EventRecord]? {
        guard let elements = event["Records"]?.elements, !elements.isEmpty else { return nil }
        let records = elements.compactMap { EventRecord($0) }
        return records.count == elements.count ? records : nil
    }

    private init?(_ json: JSON) {
        guard json["eventSource"]?.text == "aws:sqs", let id = json["messageId"]?.text,
            let handle = json["receiptHandle"]?.text, let body = json["body"]?.text,
            let queue = json["eventSourceARN"]?.text?.split(separator: ":").last
        else { return nil }
        messageID = id
        self.handle = handle
        self.queue = String(queue)
        guard json["md5OfBody"]?.text == MessageBody.digest(body.utf8) else {
            message = .failure(
                SQSClientError(SQSClientError.digestMismatch, "md5OfBody is not that of the body", at: "event"))
            return
        }
        var attributes: [String: String] = [:]
        for member in json["messageAttributes"]?.members ?? [] {
            attributes[member.name] = member.value["stringValue"]?.text
        }
        let receives = json["attributes"]?["ApproximateReceiveCount"]?.text.flatMap { Int($0) } ?? 1
        message = .success(
            SQSIncoming(handle: handle, body: body, attributes: attributes, receives: max(1, receives)))
    }
}
