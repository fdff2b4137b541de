/// An IPv4 or IPv6 address, without a zone or port.
package struct IPAddress: Hashable, Sendable {
    /// 4 or 16 bytes, most significant first.
    package let bytes: [UInt8]

    /// Nil unless there are 4 or 16 bytes.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        self.bytes = bytes
    }

    /// Reads `192.0.2.1`, `2001:db8::1` or `::ffff:192.0.2.1`; nil for anything else.
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

    /// The IPv4 address in an IPv4-mapped IPv6 address (`::ffff:127.0.0.1`); any other address unchanged.
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
