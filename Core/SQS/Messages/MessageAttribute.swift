private import Crypto

/// A named value that travels beside a message's body.
package struct MessageAttribute: Hashable, Sendable {
    /// A text or bytes.
    package enum Value: Hashable, Sendable {
        /// Of a `String` or a `Number`.
        case text(String)
        case binary([UInt8])

        var byteCount: Int {
            switch self {
            case .text(let text): text.utf8.count
            case .binary(let bytes): bytes.count
            }
        }
    }

    /// 1 to 256 letters, digits, hyphens, underscores and periods.
    package var name: String
    /// `String`, `Number` or `Binary`, perhaps with a label: `Number.float`.
    package var type: String
    /// Not empty, where a message may be sent.
    package var value: Value

    /// An attribute that is not checked yet.
    package init(name: String, type: String, value: Value) {
        self.name = name
        self.type = type
        self.value = value
    }

    /// What counts for the size of a message.
    package var byteCount: Int { name.utf8.count + type.utf8.count + value.byteCount }

    /// The digest that answers carry, in hexadecimal digits; nil without attributes.
    ///
    /// Sorted by name, each attribute is: length and name, length and type, 1 for a text or 2 for bytes, length and
    /// value; lengths have four bytes (SQS Developer Guide, "Calculating the MD5 message digest for message
    /// attributes").
    package static func digest(_ attributes: some Collection<MessageAttribute>) -> String? {
        if attributes.isEmpty { return nil }
        var hash = Insecure.MD5()
        func update(_ bytes: some Collection<UInt8>) {
            let length = UInt32(bytes.count)
            hash.update(data: [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: length >> $0) })
            hash.update(data: Array(bytes))
        }
        for attribute in attributes.sorted(by: { $0.name < $1.name }) {
            update(attribute.name.utf8)
            update(attribute.type.utf8)
            switch attribute.value {
            case .text(let text):
                hash.update(data: [1])
                update(text.utf8)
            case .binary(let bytes):
                hash.update(data: [2])
                update(bytes)
            }
        }
        return hash.finalize().hexadecimal
    }

    /// Checks the attributes of a message, as a whole and one by one.
    package static func check(_ attributes: [MessageAttribute]) throws(SQSError) {
        guard attributes.count <= SQSLimits.messageAttributes else {
            throw .invalid(
                "Number of message attributes [\(attributes.count)] exceeds the allowed maximum [\(SQSLimits.messageAttributes)]."
            )
        }
        for attribute in attributes { try attribute.check() }
    }

    private func check() throws(SQSError) {
        try MessageAttribute.check(name: name)
        let parts = type.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard !type.isEmpty else {
            throw .invalid("Message (user) attribute '\(name)' must contain a non-empty attribute type.")
        }
        guard ["String", "Number", "Binary"].contains(parts[0]), type.utf8.count <= 256,
            parts.count == 1 || parts[1].utf8.allSatisfy({ $0.isNameByte || $0 == 46 })
        else {
            throw .invalid(
                "The message attribute '\(name)' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String."
            )
        }
        guard value.byteCount > 0 else {
            throw .invalid("Message (user) attribute '\(name)' must contain a non-empty value of type '\(parts[0])'.")
        }
        switch value {
        case .binary:
            guard parts[0] == "Binary" else {
                throw .invalid(
                    "Message (user) attribute '\(name)' must contain a non-empty value of type '\(parts[0])'.")
            }
        case .text(let text):
            guard parts[0] != "Binary" else {
                throw .invalid("Message (user) attribute '\(name)' must contain a non-empty value of type 'Binary'.")
            }
            guard parts[0] == "String" || Double(text)?.isFinite == true else {
                throw .invalid("Can't cast the value of message (user) attribute '\(name)' to a number.")
            }
            guard MessageBody.isAllowed(text) else { throw .invalidContents }
        }
    }

    private static func check(name: String) throws(SQSError) {
        guard !name.isEmpty else {
            throw .invalid("The request must contain non-empty message (user) attribute names.")
        }
        guard name.utf8.count <= 256 else {
            throw .invalid("Length of message attribute name must be less than 256 bytes.")
        }
        guard name.utf8.allSatisfy({ $0.isNameByte || $0 == 46 }) else {
            throw .invalid(
                "The message attribute name '\(name)' is invalid. Attribute name can contain A-Z, a-z, 0-9, underscore (_), hyphen (-), and period (.) characters."
            )
        }
        let lower = name.lowercased()
        guard !lower.hasPrefix("aws."), !lower.hasPrefix("amazon.") else {
            throw .invalid(
                "The message attribute name '\(name)' is invalid. Attribute name can not start with AWS. or Amazon.")
        }
        guard name.first != ".", name.last != ".", !name.contains("..") else {
            throw .invalid(
                "The message attribute name '\(name)' is invalid. Attribute name can not start or end with a period, or have two in a row."
            )
        }
    }

    /// Whether a receive that asks for these names returns the attribute: names, `All`, `.*`, or a prefix before `.*`.
    package func isAsked(by names: [String]) -> Bool {
        names.contains { asked in
            asked == name || asked == "All" || asked == ".*"
                || (asked.hasSuffix(".*") && name.hasPrefix(asked.dropLast(1)))
        }
    }
}

extension Sequence<UInt8> {
    /// Two lower-case hexadecimal digits a byte.
    package var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in self {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
