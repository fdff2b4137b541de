/// The key that signs a request, by Signature Version 4 of AWS.
///
/// What signs is the client (libcurl): it adds `Authorization`, `X-Amz-Date`, and for temporary keys
/// `X-Amz-Security-Token`. Neither the secret nor the token is in any description or error.
package struct RequestSignature: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The access key id.
    package var keyID: String
    /// The secret access key.
    package var secret: String
    /// Of temporary keys; nil: they are permanent.
    package var token: String?
    /// Such as `eu-central-1`.
    package var region: String
    /// Such as `sqs`.
    package var service: String

    /// A key for one service in one region. Traps on a region or service that is not letters, digits and hyphens.
    package init(keyID: String, secret: String, token: String? = nil, region: String, service: String) {
        func isName(_ text: String) -> Bool {
            !text.isEmpty
                && text.utf8.allSatisfy {
                    (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 45
                }
        }
        precondition(isName(region) && isName(service), "no region or service: \"\(region)\", \"\(service)\"")
        self.keyID = keyID
        self.secret = secret
        self.token = token
        self.region = region
        self.service = service
    }

    /// Key id, service and region.
    package var description: String { "key \(keyID) for \(service) in \(region)" }
    /// As `description`.
    package var debugDescription: String { description }
    /// Without members, so that `dump` shows no more than `description`.
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension HTTPRequest {
    /// Whether the client can sign it: a `POST` of the path `/` without a query.
    ///
    /// libcurl 7.88 signs a path as it is sent, where AWS encodes it once more, and sorts no query: what it signs of a
    /// path with `*` or `=` is refused. Nothing here needs more than `POST /`.
    package var isSignable: Bool {
        guard method == "POST", let scheme = url.utf8.firstIndex(of: UInt8(ascii: ":")) else { return false }
        let rest = url[url.index(after: scheme)...]
        guard rest.hasPrefix("//") else { return false }
        let path = rest.dropFirst(2).drop { $0 != "/" && $0 != "?" && $0 != "#" }
        return path.isEmpty || path == "/"
    }
}
