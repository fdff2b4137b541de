/// Decodes the texts of a request's path and query (RFC 3986, section 2.1), once and nowhere else.
///
/// A `+` stays a plus sign, since RFC 3339 times and schedule names have it.
package enum PercentDecoding {
    /// What is wrong with a text, in words.
    package struct Mistake: Error, Hashable, Sendable {
        /// Such as `is not UTF-8`.
        package var detail: String
    }

    /// The text of a path segment, or of a name or value in a query.
    package static func decode(_ text: some StringProtocol) throws(Mistake) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                throw Mistake(detail: "a % must be followed by two hexadecimal digits; a percent sign itself is %25")
            }
            bytes.append(high << 4 | low)
        }
        // Bytes that were not UTF-8 on the wire have become U+FFFD before this; a client that means that character can
        // encode it.
        guard let decoded = String(validating: bytes, as: UTF8.self), !text.unicodeScalars.contains("\u{FFFD}") else {
            throw Mistake(detail: "is not UTF-8, percent-encoded")
        }
        guard !bytes.contains(0) else { throw Mistake(detail: "contains U+0000, which cannot be stored") }
        return decoded
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 48...57: byte - 48
        case 65...70: byte - 55
        case 97...102: byte - 87
        default: nil
        }
    }
}
