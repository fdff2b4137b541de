import Crypto
import FoundationEssentials

/// The keys that seal secrets: AES-256-GCM (NIST SP 800-38D), a random nonce each, bound to the tenant and the name.
///
/// The first key seals; all of them open, so that keys can be changed: put the new one in front, and store the secrets again.
package struct SecretKeys: Sendable {
    private let keys: [(mark: [UInt8], key: SymmetricKey)]

    /// Reads `HEADGATE_SECRET_KEYS`: 32 random bytes in base64 each, separated by commas.
    package init(_ text: String) throws(SecretError) {
        var keys: [(mark: [UInt8], key: SymmetricKey)] = []
        for (index, part) in text.split(separator: ",").enumerated() {
            guard let data = Data(base64Encoded: String(part.filter { !$0.isWhitespace })), data.count == 32 else {
                throw SecretError(
                    "key \(index + 1) of HEADGATE_SECRET_KEYS is not 32 bytes in base64; make one with: openssl rand -base64 32"
                )
            }
            keys.append((Array(SHA256.hash(data: data).prefix(SecretKeys.markLength)), SymmetricKey(data: data)))
        }
        guard !keys.isEmpty else { throw SecretError("HEADGATE_SECRET_KEYS holds no key") }
        self.keys = keys
    }

    /// The keys of a process; nil: it has none. `read` gives the value of a variable.
    package static func fromEnvironment(_ read: (String) -> String?) throws(SecretError) -> SecretKeys? {
        guard let text = read("HEADGATE_SECRET_KEYS"), !text.isEmpty else { return nil }
        return try SecretKeys(text)
    }

    /// A key's mark, the nonce, the ciphertext and the tag.
    package func seal(_ value: String, name: String, tenant: String) throws(SecretError) -> [UInt8] {
        do {
            let box = try AES.GCM.seal(
                Array(value.utf8), using: keys[0].key, authenticating: SecretKeys.place(name, tenant))
            return keys[0].mark + Array(box.combined!)
        } catch {
            throw SecretError("the secret \(name) cannot be sealed")
        }
    }

    package func open(_ sealed: [UInt8], name: String, tenant: String) throws(SecretError) -> String {
        let mark = Array(sealed.prefix(SecretKeys.markLength))
        guard let key = keys.first(where: { $0.mark == mark })?.key else {
            throw SecretError("the secret \(name) was sealed with a key that is not in HEADGATE_SECRET_KEYS")
        }
        do {
            let box = try AES.GCM.SealedBox(combined: sealed.dropFirst(SecretKeys.markLength))
            let value = try AES.GCM.open(box, using: key, authenticating: SecretKeys.place(name, tenant))
            return String(decoding: value, as: UTF8.self)
        } catch {
            throw SecretError("the secret \(name) is damaged: store it again")
        }
    }

    private static let markLength = 4

    /// What a sealed value is bound to: it opens nowhere else.
    private static func place(_ name: String, _ tenant: String) -> [UInt8] { Array("\(tenant)\0\(name)".utf8) }
}

/// A secret that cannot be sealed, opened or used; says nothing of its value.
package struct SecretError: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
