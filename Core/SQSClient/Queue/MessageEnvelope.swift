private import FoundationEssentials
internal import Model
internal import Queue
internal import SQS

/// What travels with a message beside its body, as the text of one message attribute.
///
/// Fields are separated by blanks: the version (1), id, tenant, attempts, redrive number, due time in ms since 1970
/// (`-`: none), and `t` or `b` for a body that is text or base64. Id and tenant are percent-encoded.
struct MessageEnvelope: Hashable, Sendable {
    var id: MessageID
    /// The fairness key.
    var tenant: String
    /// Attempts charged so far.
    var attempts: Int
    /// The redrive number.
    var generation: Int
    /// By the hosts' clocks, where the delay is longer than SQS can delay; nil: due when it is received.
    var due: Timestamp?

    /// The attribute's name.
    static let attribute = "headgate"
    /// The attribute of a dead letter that says why it died.
    static let reasonAttribute = "headgate-reason"

    /// The longest reason that is kept, in bytes.
    private static let reasonBytes = 1_024

    /// The attribute's text.
    func text(isBase64: Bool) -> String {
        let due = due.map { "\($0.milliseconds)" } ?? "-"
        let (id, tenant) = (MessageEnvelope.encoded(id.description), MessageEnvelope.encoded(tenant))
        return "1 \(id) \(tenant) \(attempts) \(generation) \(due) \(isBase64 ? "b" : "t")"
    }

    /// Reads an attribute's text; nil for anything that `text` does not write.
    static func read(_ text: String) -> (envelope: MessageEnvelope, isBase64: Bool)? {
        let fields = text.split(separator: " ", omittingEmptySubsequences: false)
        guard fields.count == 7, fields[0] == "1", let id = decoded(fields[1]), !id.isEmpty,
            let tenant = decoded(fields[2]), let attempts = Int(fields[3]), let generation = Int(fields[4]),
            fields[6] == "t" || fields[6] == "b"
        else { return nil }
        var due: Timestamp?
        if fields[5] != "-" {
            guard let milliseconds = Int64(fields[5]), milliseconds.magnitude < 1 << 50 else { return nil }
            due = Timestamp(milliseconds: milliseconds)
        }
        let envelope = MessageEnvelope(
            id: MessageID(id), tenant: tenant, attempts: attempts, generation: generation, due: due)
        return (envelope, fields[6] == "b")
    }

    // MARK: Messages

    /// The message to send: the body as text where SQS allows it, else in base64; the tenant as the group of a fair
    /// queue where it can be one.
    func outgoing(_ body: [UInt8], delay: Int, isGrouped: Bool, reason: String? = nil) -> SQSOutgoing {
        let plain = String(validating: body, as: UTF8.self).flatMap { MessageBody.isAllowed($0) ? $0 : nil }
        let text = plain ?? Data(body).base64EncodedString()
        var message = SQSOutgoing(
            body: text,
            attributes: [
                MessageAttribute(
                    name: MessageEnvelope.attribute, type: "String", value: .text(self.text(isBase64: plain == nil)))
            ], group: isGrouped ? MessageEnvelope.group(tenant) : nil, delay: delay)
        if let reason { message.add(reason: reason, most: MessageEnvelope.reasonBytes) }
        return message
    }

    /// Reads a message that `outgoing` made; nil for any other.
    static func read(_ message: SQSIncoming) -> (envelope: MessageEnvelope, body: [UInt8])? {
        guard let (envelope, isBase64) = message.attributes[attribute].flatMap({ read($0) }) else { return nil }
        guard isBase64 else { return (envelope, Array(message.body.utf8)) }
        return Data(base64Encoded: message.body).map { (envelope, [UInt8]($0)) }
    }

    /// 1 to 128 printable characters of ASCII without blanks; nil: the tenant is no group's name.
    static func group(_ tenant: String) -> String? {
        (1...SQSLimits.idCharacters).contains(tenant.utf8.count) && tenant.utf8.allSatisfy { (33...126).contains($0) }
            ? tenant : nil
    }

    // MARK: Texts

    /// Letters, digits, hyphens and underscores stay; every other byte is percent-encoded.
    private static func encoded(_ text: String) -> String {
        if text.utf8.allSatisfy(\.isNameByte) { return text }
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if byte.isNameByte {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func decoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%") {
                guard rest.count >= 2, let value = UInt8(String(rest.prefix(2)) ?? "", radix: 16) else { return nil }
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

extension SQSOutgoing {
    /// Adds why a message died, cut to `most` bytes and to what there is room for, and without characters that SQS
    /// refuses.
    mutating func add(reason: String, most: Int) {
        let name = MessageEnvelope.reasonAttribute
        let room = min(most, SQSLimits.messageBytes - byteCount - name.utf8.count - "String".utf8.count)
        var text = ""
        var bytes = 0
        for scalar in reason.unicodeScalars {
            let allowed = MessageBody.isAllowed(String(scalar)) ? scalar : " "
            bytes += UTF8.width(allowed)
            if bytes > room { break }
            text.unicodeScalars.append(allowed)
        }
        // SQS refuses an empty value.
        guard !text.isEmpty else { return }
        attributes.append(MessageAttribute(name: name, type: "String", value: .text(text)))
    }
}
