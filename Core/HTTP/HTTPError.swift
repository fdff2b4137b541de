/// Why a call has no answer, or only a part of one.
package struct HTTPError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of failure it was; `DeliveryRules` decides which are retried.
    package enum Code: String, Sendable {
        /// The host's name could not be resolved.
        case dns
        /// No connection to the host could be made.
        case connect
        /// The TLS handshake failed, or the certificate was not accepted.
        case tls
        /// The call took longer than its timeout.
        case timeout
        /// The outbound policy refuses the address.
        case forbidden
        /// The connection broke, or the answer is not HTTP.
        case broken
        /// The caller cancelled the call, or the client was closed.
        case cancelled
        /// The request cannot be made: its URL is malformed, say.
        case invalid
    }

    package var code: Code
    /// The client's text, without the URL.
    package var message: String
    /// What had arrived of the answer, at least its final status; nil if not even that.
    package var answer: HTTPResponse?

    /// A failure without any answer, unless given.
    package init(_ code: Code, _ message: String, answer: HTTPResponse? = nil) {
        self.code = code
        self.message = message
        self.answer = answer
    }

    /// Kind of failure and message.
    package var description: String { "\(code.rawValue): \(message)" }
}

/// How a call ended.
package typealias HTTPResult = Result<HTTPResponse, HTTPError>

extension HTTPResult {
    /// The answer, complete or not; nil if there is none.
    package var answer: HTTPResponse? {
        switch self {
        case .success(let response): response
        case .failure(let error): error.answer
        }
    }
}
