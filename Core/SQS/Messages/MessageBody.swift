private import Crypto

/// What SQS demands of a message's body.
package enum MessageBody {
    /// Whether all characters are allowed by XML 1.0: #x9, #xA, #xD, #x20 to #xD7FF, #xE000 to #xFFFD, and those beyond.
    package static func isAllowed(_ text: String) -> Bool {
        // Only control characters, and EF BF BE or BF (U+FFFE, U+FFFF), are to be found in valid UTF-8.
        var text = text
        return text.withUTF8 { bytes in
            var index = 0
            while index < bytes.count {
                let byte = unsafe bytes[index]
                if byte < 32, byte != 9, byte != 10, byte != 13 { return false }
                if byte == 0xEF, index + 2 < bytes.count, unsafe bytes[index + 1] == 0xBF,
                    unsafe bytes[index + 2] >= 0xBE
                {
                    return false
                }
                index += 1
            }
            return true
        }
    }

    /// The MD5 digest of a body, in hexadecimal digits.
    package static func digest(_ body: some Sequence<UInt8>) -> String {
        Insecure.MD5.hash(data: Array(body)).hexadecimal
    }

    /// The deduplication id of a message that names none: the SHA-256 digest of its body, in hexadecimal digits.
    package static func deduplicationID(_ body: String) -> String {
        SHA256.hash(data: Array(body.utf8)).hexadecimal
    }
}
