/// An HTTP call to a target, as a schedule stores it.
package struct HTTPAction: Hashable, Sendable {
    /// One header field to send, as the user wrote it.
    package struct Header: Hashable, Sendable {
        package var name: String
        package var value: String

        /// An action of parts that were checked before; `init(_:)` checks.
        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// One of `methods`; `POST` by default.
    package var method: String
    /// Absolute, `http` or `https`.
    package var url: String
    /// In the order of the document; none by default.
    package var headers: [Header]
    /// JSON text with the members and digits that the user wrote, ready to be sent; nil for no body.
    package var body: [UInt8]?
    /// Limit for the whole call, connecting included; 30 s by default.
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

    /// The names of the secrets that the call needs, in headers and for its signature.
    package var secretNames: Set<String> {
        Set(
            headers.flatMap { SecretText.containsReference($0.value) ? SecretText($0.value).names : [] }
                + (signing.map { [$0] } ?? []))
    }
    /// Whether the call needs any secret; cheaper than `secretNames`.
    package var usesSecrets: Bool { signing != nil || headers.contains { SecretText.containsReference($0.value) } }

    /// The methods that a call may have.
    package static let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
    /// The timeout of a call that does not name one.
    package static let defaultTimeout: Duration = .seconds(30)
    /// What a timeout may be.
    package static let timeouts: ClosedRange<Duration> = .milliseconds(1)...(.seconds(300))
    /// In bytes of UTF-8.
    package static let maximumURLLength = 2_048
    /// In bytes of JSON text: 64 KiB.
    package static let maximumBodyLength = 65_536
    /// How many header fields a call may have.
    package static let maximumHeaderCount = 50
}
