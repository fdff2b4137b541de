/// Which header fields a user may set (RFC 9110, section 5), and what is wrong with others.
package enum HTTPHeaderRule {
    /// Set by the HTTP client or by Headgate itself.
    private static let reserved: Set<String> = [
        "host", "content-length", "transfer-encoding", "connection", "idempotency-key",
    ]
    private static let reservedPrefixes = ["headgate-", "webhook-"]

    /// In bytes.
    static let maximumNameLength = 256
    /// In bytes, with each `${secret.name}` counted as written.
    static let maximumValueLength = 8_192

    /// A valid name as a regular expression: a token. What Headgate sets itself is not excluded by it.
    static let namePattern = "^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,\(maximumNameLength)}$"

    /// What is wrong with a name; nil if nothing is.
    package static func mistake(inName name: String) -> String? {
        if name.utf8.count > maximumNameLength {
            return "is \(name.utf8.count) bytes; at most \(maximumNameLength) are allowed"
        }
        guard !name.isEmpty, name.utf8.allSatisfy(isToken) else {
            return "is not a header name: only letters, digits and !#$%&'*+-.^_`|~"
        }
        let lowercased = name.lowercased()
        if reserved.contains(lowercased) { return "is set by Headgate and cannot be given" }
        for prefix in reservedPrefixes where lowercased.hasPrefix(prefix) {
            return "names that begin with \(prefix) are Headgate's own"
        }
        return nil
    }

    /// What is wrong with a value; nil if nothing is.
    package static func mistake(inValue value: String) -> String? {
        if value.utf8.count > maximumValueLength {
            return "is \(value.utf8.count) bytes; at most \(maximumValueLength) are allowed"
        }
        return value.utf8.contains { $0 == 0 || $0 == 10 || $0 == 13 } ? "a value cannot contain CR, LF or NUL" : nil
    }

    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
