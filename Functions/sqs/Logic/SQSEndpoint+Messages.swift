import FoundationEssentials
import Model
import SQS

/// Sending, receiving and settling messages.
extension SQSEndpoint {
    // MARK: Sending

    func sendMessage(_ parameters: Parameters, _ context: Context) async throws -> JSON {
        let address = try address(parameters, context)
        return try await catalog.with(address) { queue in
            let delivery = try self.delivery(parameters, queue, context, isBatch: false)
            let size = delivery.message.byteCount
            guard size <= queue.settings.maximumBytes else { throw SQSEndpoint.tooLong(queue) }
            let sent = try await store.send([delivery], to: queue)
            return .object(SQSEndpoint.document(sent[0], delivery, queue, isBatch: false))
        }
    }

    func sendMessageBatch(_ parameters: Parameters, _ context: Context) async throws -> JSON {
        let address = try address(parameters, context)
        let entries = try parameters.entries("SendMessageBatchRequestEntry")
        return try await catalog.with(address) { queue in
            var result = BatchResult()
            var ready: [(id: String, delivery: SQSDelivery)] = []
            var total = 0
            for (id, fields) in entries {
                do throws(SQSError) {
                    let delivery = try self.delivery(fields, queue, context, isBatch: true)
                    total += delivery.message.byteCount
                    guard delivery.message.byteCount <= queue.settings.maximumBytes else {
                        // Of a queue with the greatest limit the sum says it.
                        if queue.settings.maximumBytes == SQSLimits.messageBytes { continue }
                        throw SQSEndpoint.tooLong(queue)
                    }
                    ready.append((id, delivery))
                } catch {
                    if error.isOfWholeBatch { throw error }
                    result.fail(id, error)
                }
            }
            guard total <= SQSLimits.messageBytes else { throw SQSError.batchTooLong(total) }
            let sent = ready.isEmpty ? [] : try await store.send(ready.map(\.delivery), to: queue)
            for (item, sent) in zip(ready, sent) {
                result.succeed(item.id, SQSEndpoint.document(sent, item.delivery, queue, isBatch: true))
            }
            return result.json
        }
    }

    private static func tooLong(_ queue: QueueRecord) -> SQSError {
        .invalid(
            "One or more parameters are invalid. Reason: Message must be shorter than \(queue.settings.maximumBytes) bytes."
        )
    }

    private static func document(
        _ sent: SQSSent, _ delivery: SQSDelivery, _ queue: QueueRecord, isBatch: Bool
    ) -> [JSON.Member] {
        let message = delivery.message
        var members = [
            JSON.Member("MessageId", .string("\(sent.id)")),
            JSON.Member("MD5OfMessageBody", .string(MessageBody.digest(message.body.utf8))),
        ]
        if let digest = MessageAttribute.digest(message.attributes) {
            members.append(JSON.Member("MD5OfMessageAttributes", .string(digest)))
        }
        if let trace = message.traceHeader {
            let attribute = MessageAttribute(name: "AWSTraceHeader", type: "String", value: .text(trace))
            if let digest = MessageAttribute.digest([attribute]) {
                members.append(JSON.Member("MD5OfMessageSystemAttributes", .string(digest)))
            }
        }
        if queue.settings.isFIFO { members.append(JSON.Member("SequenceNumber", .string(sequence(sent.number)))) }
        return members
    }

    /// Twenty digits (row 26).
    private static func sequence(_ number: Int) -> String { "\(UInt64(10_000_000_000_000_000_000) + UInt64(number))" }

    /// A message that is complete and allowed, but for its size.
    private func delivery(
        _ fields: Parameters, _ queue: QueueRecord, _ context: Context, isBatch: Bool
    ) throws(SQSError) -> SQSDelivery {
        let body = try fields.text("MessageBody")
        guard MessageBody.isAllowed(body) else { throw .invalidContents }
        var random = SystemRandomNumberGenerator()
        var message = SQSMessage(id: .v4(using: &random), body: body, senderID: context.senderID)
        message.attributes = try SQSEndpoint.attributes(fields.json["MessageAttributes"])
        try MessageAttribute.check(message.attributes)
        message.traceHeader = try SQSEndpoint.traceHeader(fields.json["MessageSystemAttributes"]) ?? context.traceHeader
        let group = fields.optionalText("MessageGroupId")
        let deduplication = fields.optionalText("MessageDeduplicationId")
        if let group { try SQSEndpoint.check(group, "MessageGroupId") }
        if queue.settings.isFIFO {
            guard let group else {
                let text = "The request must contain the parameter MessageGroupId."
                if isBatch {
                    var error = SQSError.invalid(text)
                    error.isOfWholeBatch = true
                    throw error
                }
                throw .missing(text: text)
            }
            message.groupID = group
            if let deduplication { try SQSEndpoint.check(deduplication, "MessageDeduplicationId") }
            guard deduplication != nil || queue.settings.deduplicatesByContent else {
                var error = SQSError.invalid(
                    "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly"
                )
                error.isOfWholeBatch = isBatch
                throw error
            }
            message.deduplicationID = deduplication ?? MessageBody.deduplicationID(body)
        } else {
            message.groupID = group ?? ""
            if let deduplication {
                throw .invalid(deduplication, for: "MessageDeduplicationId", SQSEndpoint.notOfThisType)
            }
        }
        return SQSDelivery(message, delay: try delay(fields, queue))
    }

    private static let notOfThisType = "The request include parameter that is not valid for this queue type."

    private func delay(_ fields: Parameters, _ queue: QueueRecord) throws(SQSError) -> Int {
        guard let delay = fields.json["DelaySeconds"]?.int else { return queue.settings.delay }
        if queue.settings.isFIFO {
            guard delay == 0 else { throw .invalid("\(delay)", for: "DelaySeconds", SQSEndpoint.notOfThisType) }
            return queue.settings.delay
        }
        guard (0...SQSLimits.delay).contains(delay) else {
            throw .invalid(
                "\(delay)", for: "DelaySeconds", "DelaySeconds must be >= 0 and <= \(SQSLimits.delay).")
        }
        return delay
    }

    /// Checks a group id, deduplication id or receive attempt id: 1 to 128 letters, digits and punctuation marks.
    private static func check(_ id: String, _ name: String) throws(SQSError) {
        guard (1...SQSLimits.idCharacters).contains(id.utf8.count), id.utf8.allSatisfy({ (33...126).contains($0) })
        else {
            throw .invalid(
                id.isEmpty ? "" : String(id.prefix(200)), for: name,
                "\(name) can only include alphanumeric and punctuation characters. 1 to 128 in length.")
        }
    }

    private static func attributes(_ json: JSON?) throws(SQSError) -> [MessageAttribute] {
        var attributes: [MessageAttribute] = []
        for member in json?.members ?? [] {
            let value = member.value
            if value["StringListValues"]?.elements?.isEmpty == false
                || value["BinaryListValues"]?.elements?.isEmpty == false
            {
                throw .unsupported("Message attribute list values in SendMessage operation are not supported.")
            }
            let (text, base64) = (value["StringValue"]?.text, value["BinaryValue"]?.text)
            if text != nil, base64 != nil {
                throw .invalid("Message (user) attribute '\(member.name)' has multiple values.")
            }
            var content = MessageAttribute.Value.text(text ?? "")
            if let base64 {
                guard let data = Data(base64Encoded: base64) else {
                    throw .invalid("The binary value of message (user) attribute '\(member.name)' is not base64.")
                }
                content = .binary([UInt8](data))
            }
            attributes.append(
                MessageAttribute(name: member.name, type: value["DataType"]?.text ?? "", value: content))
        }
        return attributes.sorted { $0.name < $1.name }
    }

    /// The only system attribute that a sender may set.
    private static func traceHeader(_ json: JSON?) throws(SQSError) -> String? {
        for member in json?.members ?? [] where member.name != "AWSTraceHeader" {
            throw .invalid("Message system attribute name '\(member.name)' is invalid.")
        }
        guard let attribute = try attributes(json).first else { return nil }
        guard attribute.type == "String", case .text(let text) = attribute.value, !text.isEmpty else {
            throw .invalid("Message system attribute 'AWSTraceHeader' must contain a non-empty value of type 'String'.")
        }
        guard MessageBody.isAllowed(text) else { throw .invalidContents }
        return text
    }

    // MARK: Receiving

    private static let systemAttributes: Set<String> = [
        "SenderId", "SentTimestamp", "ApproximateReceiveCount", "ApproximateFirstReceiveTimestamp", "SequenceNumber",
        "MessageDeduplicationId", "MessageGroupId", "AWSTraceHeader", "DeadLetterQueueSourceArn",
    ]

    func receiveMessage(_ parameters: Parameters, _ context: Context) async throws -> JSON {
        let address = try address(parameters, context)
        if let count = parameters.json["MaxNumberOfMessages"]?.int, !(1...SQSLimits.batch).contains(count) {
            throw SQSError.invalid(
                "\(count)", for: "MaxNumberOfMessages", "Must be between 1 and \(SQSLimits.batch), if provided.")
        }
        let limit = parameters.json["MaxNumberOfMessages"]?.int ?? 1
        let wait = try parameters.optionalNumber("WaitTimeSeconds", in: 0...SQSLimits.wait)
        let visibility = try parameters.optionalNumber("VisibilityTimeout", in: 0...SQSLimits.visibility)
        let system = parameters.texts("MessageSystemAttributeNames") + parameters.texts("AttributeNames")
        for name in system where name != "All" && !SQSEndpoint.systemAttributes.contains(name) {
            throw SQSError.invalidAttributeName(name)
        }
        var attempt = parameters.optionalText("ReceiveRequestAttemptId")
        if let attempt { try SQSEndpoint.check(attempt, "ReceiveRequestAttemptId") }
        let record = try await catalog.record(of: address)
        if !record.settings.isFIFO {
            if let attempt {
                throw SQSError.invalid(attempt, for: "ReceiveRequestAttemptId", SQSEndpoint.notOfThisType)
            }
            attempt = nil
        }
        let seconds = wait ?? record.settings.wait
        var options = SQSReceive(limit: limit, visibility: visibility, attemptID: attempt)
        let names = parameters.texts("MessageAttributeNames")
        if seconds > 0 {
            options.waits = true
            let served = try await polls.receive(options, from: address, until: .now + .seconds(seconds))
            guard let queue = served.queue else { return .object([]) }
            // The client may have gone while its messages were on their way here.
            if Task.isCancelled {
                await polls.giveBack(served, to: address)
                throw CancellationError()
            }
            return SQSEndpoint.document(served.messages, queue, system, names)
        }
        return try await catalog.with(address) { [options] queue in
            let received = try await store.receive(options, from: queue)
            if received.isOverLimit { throw SQSError.overLimit }
            return SQSEndpoint.document(received.messages, queue, system, names)
        }
    }

    private static func document(
        _ messages: [SQSStoredMessage], _ queue: QueueRecord, _ system: [String], _ names: [String]
    ) -> JSON {
        if messages.isEmpty { return .object([]) }
        return ["Messages": .array(messages.map { document($0, queue, system, names) })]
    }

    private static func document(
        _ stored: SQSStoredMessage, _ queue: QueueRecord, _ system: [String], _ names: [String]
    ) -> JSON {
        let message = stored.message
        var members = [
            JSON.Member("MessageId", .string("\(message.id)")),
            JSON.Member("ReceiptHandle", .string(stored.handle(in: queue).text)),
            JSON.Member("MD5OfBody", .string(MessageBody.digest(message.body.utf8))),
            JSON.Member("Body", .string(message.body)),
        ]
        var values: [(String, String?)] = [
            ("SenderId", message.senderID), ("SentTimestamp", "\(stored.sent.milliseconds)"),
            ("ApproximateReceiveCount", "\(stored.receives)"),
            ("ApproximateFirstReceiveTimestamp", stored.firstReceived.map { "\($0.milliseconds)" }),
            ("MessageGroupId", message.groupID.isEmpty ? nil : message.groupID),
            ("AWSTraceHeader", message.traceHeader),
            (
                "DeadLetterQueueSourceArn",
                stored.origin.map { QueueAddress(realm: queue.address.realm, name: $0).arn }
            ),
        ]
        if queue.settings.isFIFO {
            values += [
                ("SequenceNumber", sequence(stored.number)), ("MessageDeduplicationId", message.deduplicationID),
            ]
        }
        let isAll = system.contains("All")
        let asked = values.compactMap { name, value in
            value.flatMap { isAll || system.contains(name) ? JSON.Member(name, .string($0)) : nil }
        }
        if !asked.isEmpty { members.append(JSON.Member("Attributes", .object(asked))) }
        let attributes = message.attributes.filter { $0.isAsked(by: names) }
        if let digest = MessageAttribute.digest(attributes) {
            members.append(JSON.Member("MD5OfMessageAttributes", .string(digest)))
            members.append(
                JSON.Member(
                    "MessageAttributes", .object(attributes.map { JSON.Member($0.name, document($0)) })))
        }
        return .object(members)
    }

    private static func document(_ attribute: MessageAttribute) -> JSON {
        switch attribute.value {
        case .text(let text): ["StringValue": .string(text), "DataType": .string(attribute.type)]
        case .binary(let bytes):
            [
                "BinaryValue": .string(Data(bytes).base64EncodedString()), "DataType": .string(attribute.type),
            ]
        }
    }

    // MARK: Deleting

    func deleteMessage(_ parameters: Parameters, _ context: Context) async throws -> JSON {
        let address = try address(parameters, context)
        let text = try parameters.text("ReceiptHandle")
        return try await catalog.with(address) { queue in
            let handle = try ReceiptHandle(text, of: queue)
            if let error = SQSEndpoint.error(try await store.delete([handle], from: queue)[0], text) { throw error }
            return .object([])
        }
    }

    func deleteMessageBatch(_ parameters: Parameters, _ context: Context) async throws -> JSON {
        let address = try address(parameters, context)
        let entries = try parameters.entries("DeleteMessageBatchRequestEntry")
        return try await catalog.with(address) { queue in
            var result = BatchResult()
            var ready: [(id: String, text: String, handle: ReceiptHandle)] = []
            for (id, fields) in entries {
                do throws(SQSError) {
                    let text = try fields.text("ReceiptHandle")
                    ready.append((id, text, try ReceiptHandle(text, of: queue)))
                } catch {
                    result.fail(id, error)
                }
            }
            let deletions = ready.isEmpty ? [] : try await store.delete(ready.map(\.handle), from: queue)
            for (item, deletion) in zip(ready, deletions) {
                if let error = SQSEndpoint.error(deletion, item.text) {
                    result.fail(item.id, error)
                } else {
                    result.succeed(item.id)
                }
            }
            return result.json
        }
    }

    private static func error(_ deletion: SQSDeletion, _ handle: String) -> SQSError? {
        guard deletion == .expired else { return nil }
        return .invalid(handle, for: "ReceiptHandle", "The receipt handle has expired.")
    }

    // MARK: Visibility

    func changeVisibility(_ parameters: Parameters, _ context: Context) async throws -> JSON {
        let address = try address(parameters, context)
        let text = try parameters.text("ReceiptHandle")
        let timeout = try parameters.number("VisibilityTimeout", in: 0...SQSLimits.visibility)
        return try await catalog.with(address) { queue in
            let handle = try ReceiptHandle(text, of: queue)
            let change = try await store.changeVisibility([(handle, timeout)], in: queue)[0]
            if let error = SQSEndpoint.error(change, text, timeout) { throw error }
            return .object([])
        }
    }

    func changeVisibilityBatch(_ parameters: Parameters, _ context: Context) async throws -> JSON {
        let address = try address(parameters, context)
        let entries = try parameters.entries("ChangeMessageVisibilityBatchRequestEntry")
        return try await catalog.with(address) { queue in
            var result = BatchResult()
            var ready: [(id: String, text: String, handle: ReceiptHandle, timeout: Int)] = []
            for (id, fields) in entries {
                do throws(SQSError) {
                    let text = try fields.text("ReceiptHandle")
                    let timeout =
                        try fields.optionalNumber("VisibilityTimeout", in: 0...SQSLimits.visibility)
                        ?? queue.settings.visibility
                    ready.append((id, text, try ReceiptHandle(text, of: queue), timeout))
                } catch {
                    result.fail(id, error)
                }
            }
            let changes =
                ready.isEmpty
                ? [] : try await store.changeVisibility(ready.map { ($0.handle, $0.timeout) }, in: queue)
            for (item, change) in zip(ready, changes) {
                if let error = SQSEndpoint.error(change, item.text, item.timeout) {
                    result.fail(item.id, error)
                } else {
                    result.succeed(item.id)
                }
            }
            return result.json
        }
    }

    private static func error(_ change: SQSVisibilityChange, _ handle: String, _ timeout: Int) -> SQSError? {
        switch change {
        case .changed: nil
        case .unavailable:
            .invalid(
                handle, for: "ReceiptHandle",
                "Message does not exist or is not available for visibility timeout change.")
        case .beyondLimit:
            .invalid(
                "\(timeout)", for: "VisibilityTimeout",
                "Total VisibilityTimeout for the message is beyond the limit [\(SQSLimits.visibility) seconds]")
        }
    }
}
