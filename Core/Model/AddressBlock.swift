/// A CIDR block such as `10.0.0.0/8`; without a prefix length, a single address.
package struct AddressBlock: Hashable, Sendable {
    private let network: IPAddress
    private let prefixLength: Int

    /// Reads an IPv4 or IPv6 block; nil for anything else. Bits after the prefix are ignored.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let network = parts.first.flatMap({ IPAddress($0) }), parts.count <= 2 else { return nil }
        let bits = network.bytes.count * 8
        guard let prefixLength = parts.count == 2 ? Int(parts[1]) : bits, (0...bits).contains(prefixLength) else {
            return nil
        }
        self.network = network
        self.prefixLength = prefixLength
    }

    /// Whether the address is in the block; never across IPv4 and IPv6.
    package func contains(_ address: IPAddress) -> Bool {
        guard address.bytes.count == network.bytes.count else { return false }
        let whole = prefixLength / 8
        guard address.bytes[..<whole] == network.bytes[..<whole] else { return false }
        let rest = prefixLength % 8
        if rest == 0 { return true }
        let mask = UInt8(truncatingIfNeeded: 0xFF << (8 - rest))
        return address.bytes[whole] & mask == network.bytes[whole] & mask
    }
}
