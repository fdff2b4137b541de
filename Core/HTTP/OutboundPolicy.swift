/// Which addresses calls may go to. Applied to the resolved address of every connection, so that a name that resolves to an
/// inner address, now or later, is refused too.
package struct OutboundPolicy: Hashable, Sendable {
    /// Blocks that are open although they lie in a refused range.
    package var allowed: [AddressBlock]
    /// Blocks that are refused, also where they lie in an allowed one.
    package var denied: [AddressBlock]
    private var refusesInner: Bool

    /// Refuses loopback, link-local, private, shared, multicast, reserved and metadata addresses, except `allowed` blocks; and
    /// `denied` ones in any case.
    package static func publicOnly(
        except allowed: [AddressBlock] = [], denying denied: [AddressBlock] = []
    ) -> OutboundPolicy {
        OutboundPolicy(allowed: allowed, denied: denied, refusesInner: true)
    }
    /// Anything goes: for Headgate's own calls to its own servers.
    package static let unrestricted = OutboundPolicy(allowed: [], denied: [], refusesInner: false)

    package func permits(_ address: IPAddress) -> Bool {
        if !refusesInner { return true }
        let address = address.unmapped
        if denied.contains(where: { $0.contains(address) }) { return false }
        if allowed.contains(where: { $0.contains(address) }) { return true }
        return !OutboundPolicy.inner.contains { $0.contains(address) }
    }

    /// Special-purpose ranges: IANA's registries (RFC 6890 and its successors), multicast, and what leads to inner addresses by
    /// another way: IPv4 within IPv6 (`::/96`, 6to4 and its relays), and the address by which Azure's machines reach their host.
    private static let inner: [AddressBlock] = [
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16",
        "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4",
        "240.0.0.0/4", "::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "100:0:0:1::/64", "2001::/23",
        "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
    ].map { AddressBlock($0)! }
}

/// An IPv4 or IPv6 address.
package struct IPAddress: Hashable, Sendable {
    /// 4 or 16 bytes, most significant first.
    package let bytes: [UInt8]

    package init?(bytes: [UInt8]) {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        self.bytes = bytes
    }

    /// Reads `192.0.2.1` or `2001:db8::1`.
    package init?(_ text: some StringProtocol) {
        if text.contains(":") {
            guard let bytes = IPAddress.version6(String(text)) else { return nil }
            self.bytes = bytes
        } else {
            let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
            guard parts.count == 4, !parts.contains(nil) else { return nil }
            bytes = parts.map { $0! }
        }
    }

    /// An IPv4 address written as IPv6 (`::ffff:127.0.0.1`) as what it is.
    package var unmapped: IPAddress {
        guard bytes.count == 16, bytes[..<10].allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF else {
            return self
        }
        return IPAddress(bytes: Array(bytes[12...]))!
    }

    private static func version6(_ text: String) -> [UInt8]? {
        let halves = text.split(separator: "::", omittingEmptySubsequences: false)
        guard halves.count <= 2 else { return nil }
        func groups(_ half: Substring) -> [UInt8]? {
            if half.isEmpty { return [] }
            var bytes: [UInt8] = []
            for group in half.split(separator: ":", omittingEmptySubsequences: false) {
                if group.contains("."), let inner = IPAddress(group), inner.bytes.count == 4 {
                    bytes += inner.bytes
                } else {
                    guard !group.isEmpty, group.count <= 4, let word = UInt16(group, radix: 16) else { return nil }
                    bytes += [UInt8(word >> 8), UInt8(word & 0xFF)]
                }
            }
            return bytes
        }
        guard let head = groups(halves[0]) else { return nil }
        if halves.count == 1 { return head.count == 16 ? head : nil }
        guard let tail = groups(halves[1]), head.count + tail.count <= 14 else { return nil }
        return head + Array(repeating: 0, count: 16 - head.count - tail.count) + tail
    }
}

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
