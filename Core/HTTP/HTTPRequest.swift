/// An HTTP call to make.
package struct HTTPRequest: Sendable {
    package var method: String
    package var url: String
    /// In the order in which they are sent.
    package var headers: [(name: String, value: String)]
    /// Nil: no body.
    package var body: [UInt8]?
    /// From the start of the call to the end of the answer.
    package var timeout: Duration
    /// How many bytes of the answer's body are kept; the rest is read and dropped.
    package var keptBytes: Int
    /// How many bytes of the answer's body are read at most; then the connection is closed, and the call counts as
    /// answered.
    package var readBytes: Int
    /// Signs the request, which must be `isSignable`; nil: it is not signed.
    package var signature: RequestSignature?

    /// A GET without headers, with 30 s and up to 1 MiB of the answer kept, unless given.
    package init(
        method: String = "GET", url: String, headers: [(name: String, value: String)] = [], body: [UInt8]? = nil,
        timeout: Duration = .seconds(30), keptBytes: Int = 1 << 20, readBytes: Int = .max,
        signature: RequestSignature? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeout = timeout
        self.keptBytes = keptBytes
        self.readBytes = readBytes
        self.signature = signature
    }

    /// The URL with everything after the host that is not ASCII percent-encoded as UTF-8 (RFC 3987, 3.1). libcurl
    /// encodes the host.
    package static func encoded(_ url: String) -> String {
        let bytes = url.utf8
        let isASCII = unsafe bytes.withContiguousStorageIfAvailable { unsafe $0.allSatisfy { $0 < 0x80 } }
        guard !(isASCII ?? bytes.allSatisfy { $0 < 0x80 }), let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else {
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
