/// Which URLs Headgate calls, and what is wrong with others.
///
/// Checks the text at registration; the addresses that a host resolves to are checked at every connection.
package enum HTTPTarget {
    /// What is wrong with a URL; nil if nothing is.
    package static func mistake(in url: String) -> String? {
        if url.utf8.count > HTTPAction.maximumURLLength {
            return "is \(url.utf8.count) bytes; at most \(HTTPAction.maximumURLLength) are allowed"
        }
        if url.utf8.contains(where: { $0 <= 32 || $0 == 127 }) {
            return "contains a space or a control character; percent-encode it"
        }
        if url.utf8.contains(where: { "\\\"<>^`{|}".utf8.contains($0) }) {
            return "contains one of \\ \" < > ^ ` { | }; percent-encode it"
        }
        guard let rest = afterScheme(url) else { return "must begin with http:// or https://" }
        let authority = rest.prefix { !"/?#".utf8.contains($0) }
        if authority.contains(UInt8(ascii: "@")) {
            return "contains a user name or password; send credentials in a header"
        }
        guard let port = portText(authority) else { return "has no host" }
        if let port, UInt16(String(decoding: port, as: UTF8.self)).map({ $0 > 0 }) != true {
            return "has a port that is not between 1 and 65535"
        }
        return nil
    }

    private static func afterScheme(_ url: String) -> Substring.UTF8View? {
        for scheme in ["http://", "https://"] where url.utf8.count >= scheme.utf8.count {
            let head = url.utf8.prefix(scheme.utf8.count)
            if String(decoding: head, as: UTF8.self).lowercased() == scheme { return url.utf8.dropFirst(head.count) }
        }
        return nil
    }

    /// The text after the host's colon, as `.some(nil)` if there is none; nil if there is no host.
    private static func portText(_ authority: Substring.UTF8View) -> Substring.UTF8View?? {
        let host: Substring.UTF8View
        if authority.first == UInt8(ascii: "[") {
            guard let close = authority.firstIndex(of: UInt8(ascii: "]")) else { return nil }
            host = authority[...close]
            guard host.count > 3 else { return nil }
        } else {
            host = authority.prefix { $0 != UInt8(ascii: ":") }
            guard !host.isEmpty, host.contains(where: { $0 != UInt8(ascii: ".") }) else { return nil }
        }
        let rest = authority[host.endIndex...]
        guard let colon = rest.first else { return .some(nil) }
        return colon == UInt8(ascii: ":") ? .some(rest.dropFirst()) : nil
    }
}
