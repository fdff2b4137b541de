import Crypto
import FoundationEssentials
package import Model

/// Signatures by Standard Webhooks 1.0 (standardwebhooks.com): HMAC-SHA256 of `id.timestamp.body`.
package enum WebhookSignature {
    private static let prefix = "whsec_"
    private static let lengths = 24...64

    /// What is wrong with a value as a signing secret; nil if nothing is. With the prefix `whsec_` the rest must be
    /// base64 of 24 to 64 bytes; any other value is used as it is.
    package static func mistake(in secret: String) -> String? {
        guard secret.hasPrefix(prefix) else { return nil }
        guard let data = Data(base64Encoded: String(secret.dropFirst(prefix.count))), lengths.contains(data.count)
        else {
            return "begins with whsec_, but what follows is not base64 of 24 to 64 bytes"
        }
        return nil
    }

    /// The three headers of a signed call. Several secrets, newest first, give several signatures, of which a receiver
    /// accepts any.
    package static func headers(
        id: String, at time: Timestamp, body: [UInt8], secrets: [String]
    ) -> [(name: String, value: String)] {
        let content = Array("\(id).\(time.seconds).".utf8) + body
        let signatures = secrets.map { "v1,\(signature(of: content, secret: $0))" }
        return [
            ("webhook-id", id), ("webhook-timestamp", String(time.seconds)),
            ("webhook-signature", signatures.joined(separator: " ")),
        ]
    }

    private static func signature(of content: [UInt8], secret: String) -> String {
        let code = HMAC<SHA256>.authenticationCode(for: content, using: SymmetricKey(data: key(secret)))
        return Data(code).base64EncodedString()
    }

    private static func key(_ secret: String) -> Data {
        if secret.hasPrefix(prefix), let data = Data(base64Encoded: String(secret.dropFirst(prefix.count))) {
            return data
        }
        return Data(secret.utf8)
    }
}
