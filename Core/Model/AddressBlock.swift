/// Addresses that share their first bits: `10.0.0.0/8`. Without a length, one address.
package struct AddressBlock: Hashable, Sendable {
    private let network: IPAddress
    private let length: Int

    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let network = parts.first.flatMap({ IPAddress($0) }), parts.count <= 2 else { return nil }
        let bits = network.bytes.count * 8
        guard let length = parts.count == 2 ? Int(parts[1]) : bits, (0...bits).contains(length) else { return nil }
        self.network = network
        self.length = length
    }

    package func contains(_ address: IPAddress) -> Bool {
        guard address.bytes.count == network.bytes.count else { return false }
        let whole = length / 8
        guard address.bytes[..<whole] == network.bytes[..<whole] else { return false }
        let rest = length % 8
        if rest == 0 { return true }
        let mask = UInt8(truncatingIfNeeded: 0xFF << (8 - rest))
        return address.bytes[whole] & mask == network.bytes[whole] & mask
    }
}
