import Crypto
import FoundationEssentials
package import Model

/// What a callback's URL proves: which attempt of which step it reports on, signed by Headgate.
///
/// Whoever has the URL can report on that attempt, and on nothing else, until the attempt is over.
package struct CallbackToken: Hashable, Sendable {
    package var tenant: TenantID
    package var execution: ExecutionID
    /// By number, in the order of the definition.
    package var step: Int
    package var attempt: Int
    /// When the attempt is over at the latest.
    package var expiresAt: Timestamp

    /// A token that is not signed yet.
    package init(tenant: TenantID, execution: ExecutionID, step: Int, attempt: Int, expiresAt: Timestamp) {
        self.tenant = tenant
        self.execution = execution
        self.step = step
        self.attempt = attempt
        self.expiresAt = expiresAt
    }

    private static let version: UInt64 = 1
    /// Half of HMAC-SHA256, which leaves 128 bits to guess.
    private static let macLength = 16

    /// The signed token in base64url (RFC 4648, 5), for a URL: the key's mark, the code, then the content.
    package func signed(by keys: SecretKeys) -> String {
        var writer = ByteWriter(capacity: 64)
        writer.write(unsigned: CallbackToken.version)
        writer.write(tenant.description)
        writer.write(execution)
        writer.write(unsigned: UInt64(step))
        writer.write(unsigned: UInt64(attempt))
        // Whole seconds, rounded up.
        writer.write((expiresAt + .microseconds(999_999)).seconds)
        let (mark, code) = keys.authenticate(writer.bytes, for: CallbackToken.purpose)
        let text = Data(mark + code.prefix(CallbackToken.macLength) + writer.bytes).base64EncodedString()
        return text.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    private static let purpose = "headgate callback 1"

    /// Reads a signed token; nil if it was not signed by one of the keys. Expired ones are read, too.
    package init?(_ text: String, keys: SecretKeys) {
        guard text.utf8.count <= 1_000 else { return nil }
        var base = text.replacing("-", with: "+").replacing("_", with: "/")
        base += String(repeating: "=", count: (4 - base.utf8.count % 4) % 4)
        guard let data = Data(base64Encoded: base) else { return nil }
        let bytes = Array(data)
        let head = SecretKeys.markLength + CallbackToken.macLength
        guard bytes.count > head else { return nil }
        let content = Array(bytes[head...])
        guard
            keys.isAuthentic(
                content, mark: Array(bytes[..<SecretKeys.markLength]), code: Array(bytes[SecretKeys.markLength..<head]),
                for: CallbackToken.purpose)
        else { return nil }
        var reader = ByteReader(content)
        do throws(ByteReader.Failure) {
            guard try reader.unsigned() == CallbackToken.version else { return nil }
            tenant = TenantID(checked: try reader.text())
            execution = ExecutionID(try reader.identifier())
            step = Int(truncatingIfNeeded: try reader.unsigned())
            attempt = Int(truncatingIfNeeded: try reader.unsigned())
            expiresAt = Timestamp(seconds: try reader.int64())
        } catch {
            // Signed by us, so it was of another version.
            return nil
        }
    }
}

extension SecretKeys {
    /// The first key's mark and its HMAC-SHA256 of a message. Each purpose has a key of its own, derived from it
    /// (HKDF, RFC 5869).
    func authenticate(_ message: [UInt8], for purpose: String) -> (mark: [UInt8], code: [UInt8]) {
        let (mark, key) = keys[0]
        return (mark, SecretKeys.code(of: message, key, purpose))
    }

    /// Whether a code is the beginning of a key's HMAC of a message. Takes the same time for every wrong code.
    func isAuthentic(_ message: [UInt8], mark: [UInt8], code: [UInt8], for purpose: String) -> Bool {
        guard let key = keys.first(where: { $0.mark == mark })?.key else { return false }
        let expected = SecretKeys.code(of: message, key, purpose)
        return zip(expected, code).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0 && !code.isEmpty
    }

    private static func code(of message: [UInt8], _ key: SymmetricKey, _ purpose: String) -> [UInt8] {
        let derived = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: key, info: Array(purpose.utf8), outputByteCount: 32)
        return Array(HMAC<SHA256>.authenticationCode(for: message, using: derived))
    }
}
