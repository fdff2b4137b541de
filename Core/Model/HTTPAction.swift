/// An HTTP call to a target.
package struct HTTPAction: Hashable, Sendable {
    /// One header field to send, as the user wrote it.
    package struct Header: Hashable, Sendable {
        package var name: String
        package var value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// `POST` unless given; one of `HTTPAction.methods`.
    package var method: String
    /// Absolute, `http` or `https`.
    package var url: String
    /// In the order of the document.
    package var headers: [Header]
    /// JSON text with the members and digits that the user wrote, ready to be sent; nil for no body.
    package var body: [UInt8]?
    /// Of the whole call, connecting included.
    package var timeout: Duration
    /// The name of the secret that signs the call by Standard Webhooks; nil: it is not signed.
    package var signing: String?

    /// For parts that have been checked before; `init(_:)` checks.
    package init(
        method: String = "POST", url: String, headers: [Header] = [], body: [UInt8]? = nil,
        timeout: Duration = HTTPAction.defaultTimeout, signing: String? = nil
    ) {
        self.signing = signing
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeout = timeout
    }

    /// The names of the secrets that the call needs, each once.
    package var secretNames: Set<String> {
        Set(
            headers.flatMap { SecretText.isIn($0.value) ? SecretText($0.value).names : [] }
                + (signing.map { [$0] } ?? []))
    }
    /// Cheaper than `secretNames`.
    package var usesSecrets: Bool { signing != nil || headers.contains { SecretText.isIn($0.value) } }

    package static let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
    package static let defaultTimeout: Duration = .seconds(30)
    package static let timeouts: ClosedRange<Duration> = .milliseconds(1)...(.seconds(300))
    /// In bytes of UTF-8.
    package static let maximumURLLength = 2_048
    /// In bytes of JSON text.
    package static let maximumBodyLength = 65_536
    package static let maximumHeaderCount = 50
}
