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

extension HTTPResult {
    /// What came of an answer, all of it or not.
    package var answer: HTTPResponse? {
        switch self {
        case .success(let response): response
        case .failure(let error): error.answer
        }
    }
}
