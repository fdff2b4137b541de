/// The answer to a call.
package struct HTTPResponse: Hashable, Sendable {
    package var status: Int
    /// The header lines as they arrived, each with its line end; parsed only on demand, since few callers look at one.
    package var headerLines: [UInt8]
    /// The first bytes of the body, at most as many as the request wanted to keep.
    package var body: [UInt8]
    /// How many bytes of the body were received, kept or not. The target may have sent more if the request reads only
    /// so many.
    package var totalBytes: Int
    /// Whether the body was longer than what is kept.
    package var isTruncated: Bool { totalBytes > body.count }
    /// From the start of the call to the end of the answer.
    package var duration: Duration

    /// An answer as a client received it.
    package init(status: Int, headerLines: [UInt8], body: [UInt8], totalBytes: Int, duration: Duration) {
        self.status = status
        self.headerLines = headerLines
        self.body = body
        self.totalBytes = totalBytes
        self.duration = duration
    }

    /// The value of a header field, without surrounding white space. Names are compared without regard to case; of
    /// several fields the first counts.
    package func header(_ name: String) -> String? {
        for line in headerLines.split(separator: UInt8(ascii: "\n")) {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
            if HTTPResponse.isEqual(line[..<colon], name) {
                return HTTPResponse.trimmed(line[line.index(after: colon)...])
            }
        }
        return nil
    }

    private static func isEqual(_ bytes: ArraySlice<UInt8>, _ name: String) -> Bool {
        func lowered(_ byte: UInt8) -> UInt8 { (65...90).contains(byte) ? byte | 0x20 : byte }
        return bytes.count == name.utf8.count && zip(bytes, name.utf8).allSatisfy { lowered($0) == lowered($1) }
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> String {
        func isSpace(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 || byte == 13 }
        let end = bytes.lastIndex { !isSpace($0) }.map { $0 + 1 } ?? bytes.startIndex
        return String(decoding: bytes[..<end].drop(while: isSpace), as: UTF8.self)
    }
}
