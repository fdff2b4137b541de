private import Crypto
private import FoundationEssentials
private import Model

/// What a receive gives out for each message, and what its holder deletes it by.
///
/// The text is base64 of the queue's incarnation, the message's number, how often it had been received, its group, and six
/// bytes of a digest over these, so that a text that was cut or changed is recognized. It is no secret.
package struct ReceiptHandle: Hashable, Sendable {
    /// Of the queue that gave it out.
    package var incarnation: UInt64
    /// The message's, within its queue.
    package var number: Int
    /// How often the message had been received when it was given out, that time included.
    package var receives: Int
    /// Empty: the message has no group.
    package var groupID: String

    /// A handle of these parts.
    package init(incarnation: UInt64, number: Int, receives: Int, groupID: String) {
        self.incarnation = incarnation
        self.number = number
        self.receives = receives
        self.groupID = groupID
    }

    private static let digestLength = 6

    private static func digest(_ bytes: [UInt8]) -> [UInt8] {
        Array(SHA256.hash(data: Array("headgate receipt handle".utf8) + bytes).prefix(digestLength))
    }

    /// The text for callers.
    package var text: String {
        var writer = ByteWriter(capacity: 48)
        writer.write(1)
        writer.write(unsigned: incarnation)
        writer.write(number)
        writer.write(receives)
        writer.write(groupID)
        return Data(writer.bytes + ReceiptHandle.digest(writer.bytes)).base64EncodedString()
    }

    /// Reads a text of a queue's; throws `ReceiptHandleIsInvalid` for any that the queue has not given out.
    package init(_ text: String, of record: QueueRecord) throws(SQSError) {
        guard let bytes = Data(base64Encoded: text).map({ [UInt8]($0) }), bytes.count > ReceiptHandle.digestLength,
            case let content = Array(bytes.dropLast(ReceiptHandle.digestLength)),
            ReceiptHandle.digest(content) == Array(bytes.suffix(ReceiptHandle.digestLength)),
            let handle = ReceiptHandle(content: content), handle.incarnation == record.incarnation, handle.text == text
        else { throw .invalidHandle(text) }
        self = handle
    }

    private init?(content: [UInt8]) {
        var reader = ByteReader(content)
        do {
            guard try reader.int() == 1 else { return nil }
            incarnation = try reader.unsigned()
            number = try reader.int()
            receives = try reader.int()
            groupID = try reader.text()
        } catch {
            return nil
        }
    }
}
