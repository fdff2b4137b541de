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
    static func encoded(_ url: String) -> String {
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

/// An answer.
package struct HTTPResponse: Hashable, Sendable {
    package var status: Int
    /// Header lines as they came, in the order of arrival, each with its line end; few callers look at one.
    var headerLines: [UInt8]
    /// The first bytes of the body, as many as the request asked to keep.
    package var body: [UInt8]
    /// The body was longer than what was kept.
    package var isTruncated: Bool
    /// From the call's start to the end of the answer.
    package var duration: Duration

    /// The value of a header, by its name without regard to case; of several with that name the first.
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

/// Why there is no answer, or not all of it.
package struct HTTPError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        case dns
        case connect
        case tls
        case timeout
        /// The outbound policy refuses the address.
        case forbidden
        /// The connection broke, or what came is not HTTP.
        case broken
        case cancelled
        /// The request cannot be made: its URL is not one.
        case invalid
    }

    package var code: Code
    /// libcurl's text, without the URL.
    package var message: String
    /// What had come of the answer: a final status at least.
    package var answer: HTTPResponse?

    package init(_ code: Code, _ message: String, answer: HTTPResponse? = nil) {
        self.code = code
        self.message = message
        self.answer = answer
    }

    package var description: String { "\(code.rawValue): \(message)" }
}

/// What became of a call.
package typealias HTTPResult = Result<HTTPResponse, HTTPError>
