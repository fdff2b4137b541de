/// A call to make.
package struct HTTPRequest: Sendable {
    package var method: String
    package var url: String
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]?
    /// From the call's start to the end of the answer.
    package var timeout: Duration
    /// Bytes of the answer's body that are kept; the rest is read and dropped.
    package var keptBytes: Int
    /// Bytes of the answer's body that are read; the connection is closed after that many, and the call has its answer.
    package var readBytes: Int

    package init(
        method: String = "GET", url: String, headers: [(name: String, value: String)] = [], body: [UInt8]? = nil,
        timeout: Duration = .seconds(30), keptBytes: Int = 1 << 20, readBytes: Int = .max
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeout = timeout
        self.keptBytes = keptBytes
        self.readBytes = readBytes
    }

    /// A URL with what is not ASCII behind its host percent-encoded, as UTF-8 (RFC 3987, 3.1). The host is libcurl's to encode.
    package static func encoded(_ url: String) -> String {
        let bytes = url.utf8
        guard bytes.contains(where: { $0 >= 0x80 }), let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else {
            return url
        }
        let afterScheme = bytes[colon...].dropFirst(3)
        let path = afterScheme.firstIndex { "/?#".utf8.contains($0) } ?? bytes.endIndex
        var result = Array(bytes[..<path])
        let digits = Array("0123456789ABCDEF".utf8)
        for byte in bytes[path...] {
            if byte < 0x80 {
                result.append(byte)
            } else {
                result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
