import Crypto
import FoundationEssentials
package import Model

/// The keys that seal secrets: AES-256-GCM (NIST SP 800-38D) with a random nonce each time, bound to tenant and name.
///
/// The first key seals; all of them open. To rotate, put a new key in front and store the secrets again.
package struct SecretKeys: Sendable {
    let keys: [(mark: [UInt8], key: SymmetricKey)]

    /// Reads `HEADGATE_SECRET_KEYS`: 32 random bytes in base64 each, separated by commas. Throws without a valid key.
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

    /// The keys of a process, or nil if it has none. `read` returns the value of a variable.
    package static func fromEnvironment(_ read: (String) -> String?) throws(SecretError) -> SecretKeys? {
        guard let text = read("HEADGATE_SECRET_KEYS"), !text.isEmpty else { return nil }
        return try SecretKeys(text)
    }

    /// Encrypts a value with the first key: the key's mark (4 bytes of its SHA-256), nonce, ciphertext and tag.
    package func seal(_ value: String, name: String, tenant: TenantID) throws(SecretError) -> [UInt8] {
        do {
            let box = try AES.GCM.seal(
                Array(value.utf8), using: keys[0].key, authenticating: SecretKeys.place(name, tenant))
            return keys[0].mark + Array(box.combined!)
        } catch {
            throw SecretError("the secret \(name) cannot be sealed")
        }
    }

    /// Decrypts a sealed value. Throws if its key is missing, it is damaged, or it belongs to another name or tenant.
    package func open(_ sealed: [UInt8], name: String, tenant: TenantID) throws(SecretError) -> String {
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

    static let markLength = 4

    /// What a sealed value is bound to (GCM's additional data): it opens nowhere else.
    private static func place(_ name: String, _ tenant: TenantID) -> [UInt8] { Array("\(tenant)\0\(name)".utf8) }
}

/// A secret that cannot be sealed, opened or used; says nothing about its value.
package struct SecretError: Error, CustomStringConvertible {
    /// What is wrong and what to do; names the secret, never its value.
    package let description: String

    /// An error with this description, which must not contain a value.
    package init(_ description: String) { self.description = description }
}
