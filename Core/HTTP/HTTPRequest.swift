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

    package init(
        method: String = "GET", url: String, headers: [(name: String, value: String)] = [], body: [UInt8]? = nil,
        timeout: Duration = .seconds(30), keptBytes: Int = 1 << 20
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeout = timeout
        self.keptBytes = keptBytes
    }
}

/// An answer.
package struct HTTPResponse: Sendable {
    package var status: Int
    /// In the order of arrival; names as they came.
    package var headers: [(name: String, value: String)]
    /// The first bytes of the body, as many as the request asked to keep.
    package var body: [UInt8]
    /// The body was longer than what was kept.
    package var isTruncated: Bool
    /// From the call's start to the end of the answer.
    package var duration: Duration

    /// The value of a header, by its name without regard to case.
    package func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}

/// Why there is no answer.
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

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { "\(code.rawValue): \(message)" }
}

/// What became of a call.
package typealias HTTPResult = Result<HTTPResponse, HTTPError>
