package import Model

extension MappingMessage {
    /// A message as ReceiveMessage answers it in AWS JSON; nil: it is none.
    ///
    /// The record has the names and the order of AWS's example ("Using Lambda with Amazon SQS", AWS documentation);
    /// `md5OfMessageAttributes` only where there are attributes.
    package init?(received message: JSON, queueARN: String, region: String) {
        guard let id = message["MessageId"]?.text, let handle = message["ReceiptHandle"]?.text,
            let body = message["Body"]?.text
        else { return nil }
        let attributes = message["MessageAttributes"]?.members ?? []
        var members = [
            JSON.Member("messageId", .string(id)), JSON.Member("receiptHandle", .string(handle)),
            JSON.Member("body", .string(body)), JSON.Member("attributes", message["Attributes"] ?? .object([])),
            JSON.Member(
                "messageAttributes",
                .object(attributes.map { JSON.Member($0.name, MappingMessage.attribute($0.value)) })),
        ]
        if let digest = message["MD5OfMessageAttributes"] {
            members.append(JSON.Member("md5OfMessageAttributes", digest))
        }
        members += [
            JSON.Member("md5OfBody", message["MD5OfBody"] ?? .string("")),
            JSON.Member("eventSource", .string("aws:sqs")), JSON.Member("eventSourceARN", .string(queueARN)),
            JSON.Member("awsRegion", .string(region)),
        ]
        self.init(
            messageID: id, receiptHandle: handle, body: body,
            groupID: message["Attributes"]?["MessageGroupId"]?.text ?? "", record: JSON.object(members).serialized)
    }

    private static func attribute(_ value: JSON) -> JSON {
        let values = [("stringValue", value["StringValue"]), ("binaryValue", value["BinaryValue"])]
        return .object(
            values.compactMap { name, value in value.map { JSON.Member(name, $0) } } + [
                JSON.Member("stringListValues", .array([])), JSON.Member("binaryListValues", .array([])),
                JSON.Member("dataType", value["DataType"] ?? .string("String")),
            ])
    }
}
