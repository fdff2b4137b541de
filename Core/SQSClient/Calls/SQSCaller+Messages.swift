internal import Model
internal import SQS

/// A message to send.
struct SQSOutgoing: Sendable {
    /// At least one character, of those that SQS allows.
    var body: String
    var attributes: [MessageAttribute]
    /// The tenant of a fair queue; nil: none.
    var group: String?
    /// Seconds, 0 to 900.
    var delay = 0

    /// What counts against the limits of size.
    var byteCount: Int { body.utf8.count + attributes.reduce(0) { $0 + $1.byteCount } }
}

/// A message as it was received, whose body is intact.
struct SQSIncoming: Sendable {
    var handle: String
    var body: String
    /// Of type `String`, by name.
    var attributes: [String: String]
    /// This time included.
    var receives: Int
}

extension SQSCaller {
    /// Sends messages. For each: nil, or why it was not sent; `DigestMismatch`: what arrived is something else.
    func send(_ messages: [SQSOutgoing], to url: String) async -> [SQSClientError?] {
        let entries = messages.map { message in
            var members = [JSON.Member("MessageBody", .string(message.body))]
            if message.delay > 0 { members.append(.init("DelaySeconds", .integer(message.delay))) }
            if let group = message.group { members.append(.init("MessageGroupId", .string(group))) }
            if !message.attributes.isEmpty {
                members.append(.init("MessageAttributes", .object(message.attributes.map(\.member))))
            }
            return BatchEntry(members: members, bytes: message.byteCount)
        }
        return zip(messages, await batch(.sendMessageBatch, queue: url, entries)).map { message, result in
            switch result {
            case .failure(let error): error
            case .success(let json): SQSCaller.damage(of: message, json)
            }
        }
    }

    /// Compares the digests of an answer with what was sent.
    private static func damage(of message: SQSOutgoing, _ answer: JSON) -> SQSClientError? {
        func error(_ name: String) -> SQSClientError {
            SQSClientError(
                SQSClientError.digestMismatch, "\(name) of the answer is not that of what was sent",
                at: SQSAction.sendMessageBatch.rawValue)
        }
        guard answer["MD5OfMessageBody"]?.text == MessageBody.digest(message.body.utf8) else {
            return error("MD5OfMessageBody")
        }
        guard answer["MD5OfMessageAttributes"]?.text == MessageAttribute.digest(message.attributes) else {
            return error("MD5OfMessageAttributes")
        }
        return nil
    }

    /// Receives up to 10 messages, with their attributes of these names. A message that arrived damaged is an error in
    /// its place; it comes again when its visibility timeout ends.
    ///
    /// - Parameters:
    ///   - visibility: seconds.
    ///   - wait: seconds, 0 to 20.
    func receive(
        from url: String, limit: Int, visibility: Int, wait: Int, attributes: [String]
    ) async throws(SQSClientError) -> [Result<SQSIncoming, SQSClientError>] {
        let answer = try await call(
            .receiveMessage,
            [
                "QueueUrl": .string(url), "MaxNumberOfMessages": .integer(limit),
                "VisibilityTimeout": .integer(visibility), "WaitTimeSeconds": .integer(wait),
                "MessageSystemAttributeNames": ["ApproximateReceiveCount"],
                "MessageAttributeNames": .array(attributes.map { .string($0) }),
            ], wait: .seconds(wait))
        return (answer["Messages"]?.elements ?? []).map { SQSCaller.message($0) }
    }

    private static func message(_ json: JSON) -> Result<SQSIncoming, SQSClientError> {
        let place = SQSAction.receiveMessage.rawValue
        guard let handle = json["ReceiptHandle"]?.text, let body = json["Body"]?.text else {
            return .failure(SQSClientError(SQSClientError.badAnswer, "a message has no handle or body", at: place))
        }
        guard json["MD5OfBody"]?.text == MessageBody.digest(body.utf8) else {
            return .failure(
                SQSClientError(SQSClientError.digestMismatch, "MD5OfBody is not that of the body", at: place))
        }
        var attributes: [String: String] = [:]
        for member in json["MessageAttributes"]?.members ?? [] {
            attributes[member.name] = member.value["StringValue"]?.text
        }
        let receives = json["Attributes"]?["ApproximateReceiveCount"]?.text.flatMap { Int($0) } ?? 1
        return .success(SQSIncoming(handle: handle, body: body, attributes: attributes, receives: max(1, receives)))
    }

    /// Deletes messages by their handles. For each: nil, or why it was not deleted.
    func delete(_ handles: [String], from url: String) async -> [SQSClientError?] {
        if handles.isEmpty { return [] }
        let entries = handles.map { BatchEntry(members: [.init("ReceiptHandle", .string($0))]) }
        return await batch(.deleteMessageBatch, queue: url, entries).map(\.failure)
    }

    /// Sets the visibility timeout of messages, in seconds from now. For each: nil, or why it was not set.
    func changeVisibility(_ changes: [(handle: String, seconds: Int)], in url: String) async -> [SQSClientError?] {
        let entries = changes.map { change in
            BatchEntry(members: [
                .init("ReceiptHandle", .string(change.handle)), .init("VisibilityTimeout", .integer(change.seconds)),
            ])
        }
        return await batch(.changeMessageVisibilityBatch, queue: url, entries).map(\.failure)
    }
}

extension MessageAttribute {
    /// As AWS JSON has it; only texts are sent.
    fileprivate var member: JSON.Member {
        guard case .text(let text) = value else { preconditionFailure("attribute \(name) is not a text") }
        return .init(name, ["DataType": .string(type), "StringValue": .string(text)])
    }
}

extension Result where Failure == SQSClientError {
    fileprivate var failure: SQSClientError? { if case .failure(let error) = self { error } else { nil } }
}
