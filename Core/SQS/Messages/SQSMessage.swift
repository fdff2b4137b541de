package import Model

/// A message as a sender gave it, with what the service adds before it is stored.
package struct SQSMessage: Hashable, Sendable {
    /// The service's id: a random UUID.
    package var id: Identifier
    /// At least one character, where it may be sent.
    package var body: String
    /// Sorted by name.
    package var attributes: [MessageAttribute] = []
    /// The system attribute `AWSTraceHeader`.
    package var traceHeader: String?
    /// Who sent it: the system attribute `SenderId`.
    package var senderID: String
    /// Empty: none was given.
    package var groupID = ""
    /// Only in FIFO queues.
    package var deduplicationID: String?

    /// A message without attributes, group or deduplication id.
    package init(id: Identifier, body: String, senderID: String) {
        self.id = id
        self.body = body
        self.senderID = senderID
    }

    /// What counts against the limits of size.
    package var byteCount: Int { body.utf8.count + attributes.reduce(0) { $0 + $1.byteCount } }

    /// All but the group id, as bytes.
    package var encoded: [UInt8] {
        var writer = ByteWriter(capacity: byteCount + 96)
        writer.write(1)
        writer.write(id)
        writer.write(body)
        writer.write(senderID)
        writer.write(traceHeader ?? "")
        writer.write(deduplicationID ?? "")
        writer.write(attributes.count)
        for attribute in attributes {
            writer.write(attribute.name)
            writer.write(attribute.type)
            switch attribute.value {
            case .text(let text):
                writer.write(true)
                writer.write(text)
            case .binary(let bytes):
                writer.write(false)
                writer.write(bytes: bytes)
            }
        }
        return writer.bytes
    }

    /// Reads what `encoded` made; nil for anything else.
    package init?(encoded bytes: [UInt8], groupID: String) {
        var reader = ByteReader(bytes)
        do {
            guard try reader.int() == 1 else { return nil }
            id = try reader.identifier()
            body = try reader.text()
            senderID = try reader.text()
            let trace = try reader.text()
            traceHeader = trace.isEmpty ? nil : trace
            let deduplication = try reader.text()
            deduplicationID = deduplication.isEmpty ? nil : deduplication
            for _ in 0..<(try reader.int()) {
                let (name, type) = (try reader.text(), try reader.text())
                let value: MessageAttribute.Value =
                    try reader.bool() ? .text(try reader.text()) : .binary(Array(try reader.byteString()))
                attributes.append(MessageAttribute(name: name, type: type, value: value))
            }
        } catch {
            return nil
        }
        self.groupID = groupID
    }
}
