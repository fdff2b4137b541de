/// Keys of the API: `hg_` and 40 characters that carry 200 random bits. Shown once; only the SHA-256 is stored.
package enum APIKey {
    /// What every key begins with.
    package static let prefix = "hg_"
    private static let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567")

    /// A new key; `random` must be a secure generator.
    package static func make(using random: inout some RandomNumberGenerator) -> String {
        prefix + String((0..<40).map { _ in alphabet[Int.random(in: 0..<32, using: &random)] })
    }
}
