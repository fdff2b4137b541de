package import Model

/// Which addresses calls may go to. Applied to the resolved address of every connection, so that a name that resolves
/// to an internal address, now or later, is refused too.
package struct OutboundPolicy: Hashable, Sendable {
    /// Blocks that are open although they lie in a refused range.
    package var allowed: [AddressBlock]
    /// Blocks that are refused, even within an allowed one.
    package var denied: [AddressBlock]
    private var refusesInner: Bool

    /// Refuses loopback, link-local, private, shared, multicast, reserved and metadata addresses, except `allowed`
    /// blocks; refuses `denied` blocks in any case.
    package static func publicOnly(
        except allowed: [AddressBlock] = [], denying denied: [AddressBlock] = []
    ) -> OutboundPolicy {
        OutboundPolicy(allowed: allowed, denied: denied, refusesInner: true)
    }
    /// Permits every address: for Headgate's calls to its own servers.
    package static let unrestricted = OutboundPolicy(allowed: [], denied: [], refusesInner: false)

    /// Whether a connection to this address may be made. An IPv4-mapped IPv6 address counts as the IPv4 address.
    package func permits(_ address: IPAddress) -> Bool {
        if !refusesInner { return true }
        let address = address.unmapped
        if denied.contains(where: { $0.contains(address) }) { return false }
        if allowed.contains(where: { $0.contains(address) }) { return true }
        return !OutboundPolicy.inner.contains { $0.contains(address) }
    }

    /// Special-purpose ranges: IANA's registries (RFC 6890 and its successors), multicast, and addresses that lead to
    /// internal ones by another way: IPv4 within IPv6 (`::/96`, 6to4 and its relays), and the address at which Azure's
    /// machines reach their host.
    private static let inner: [AddressBlock] = [
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16",
        "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4",
        "240.0.0.0/4", "::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "100:0:0:1::/64", "2001::/23",
        "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
    ].map { AddressBlock($0)! }
}
