extension TargetGate {
    /// The part of a URL between scheme and path, by which calls share slots and breakers.
    package static func host(of url: String) -> String {
        let bytes = url.utf8
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else { return url }
        let rest = bytes[colon...].dropFirst(3)
        let end = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") }
        return String(rest[..<(end ?? rest.endIndex)]) ?? url
    }
}
