/// URIs of local files (RFC 8089): `file:///a%20b` and `file://localhost/a%20b`.
enum FileURI {
    /// The path that a URI names, without `.` and `..`; nil for anything else than an absolute file URI.
    static func path(_ uri: String) -> String? {
        let rest: Substring
        if uri.hasPrefix("file:///") {
            rest = uri.dropFirst(7)
        } else if uri.hasPrefix("file://localhost/") {
            rest = uri.dropFirst(16)
        } else {
            return nil
        }
        guard let bytes = decoded(rest.utf8), !bytes.contains(0) else { return nil }
        return normalized(String(decoding: bytes, as: UTF8.self))
    }

    /// The URI of an absolute path.
    static func text(_ path: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes = Array("file://".utf8)
        for byte in path.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), 45...57, 95, 126:
                bytes.append(byte)
            default: bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// An absolute path without empty parts, `.` and `..`.
    static func normalized(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }

    private static func decoded(_ bytes: Substring.UTF8View) -> [UInt8]? {
        var result: [UInt8] = []
        var rest = bytes[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                // A query or a fragment names no file.
                if byte == UInt8(ascii: "?") || byte == UInt8(ascii: "#") { return nil }
                result.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                return nil
            }
            result.append(high << 4 | low)
        }
        return result
    }

    private static func digit(_ byte: UInt8) -> UInt8? { Character(Unicode.Scalar(byte)).hexDigitValue.map(UInt8.init) }
}
