/// Where a process finds its credentials, decided by its environment alone.
package enum CredentialPlace: Hashable, Sendable {
    /// In the environment itself.
    case environment(AWSCredentials)
    /// A profile of a shared credentials file.
    case file(path: String, profile: String)
    /// An HTTP endpoint of the container's host: Amazon ECS, and Pod Identity of EKS.
    case container(url: String, Authorization?)

    /// What a container's endpoint is asked with.
    package enum Authorization: Hashable, Sendable, CustomStringConvertible {
        /// A value of the header `Authorization`.
        case token(String)
        /// The path of a file that has it, and may change.
        case file(String)

        /// Without the token.
        package var description: String {
            switch self {
            case .token: "a token"
            case .file(let path): "the token in \(path)"
            }
        }
    }

    /// The address at which Amazon ECS answers.
    static let host = "http://169.254.170.2"

    /// The first of: `AWS_ACCESS_KEY_ID` with `AWS_SECRET_ACCESS_KEY`; a file that `AWS_SHARED_CREDENTIALS_FILE` or a
    /// profile that `AWS_PROFILE` names; the container's URI; `~/.aws/credentials`. Empty variables are as good as
    /// none.
    ///
    /// Throws if the environment names nothing, half a key, or a URI that is not allowed.
    package init(environment: [String: String]) throws(SQSClientError) {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let (id, secret) = (value("AWS_ACCESS_KEY_ID"), value("AWS_SECRET_ACCESS_KEY"))
        if let id, let secret {
            self = .environment(AWSCredentials(keyID: id, secret: secret, token: value("AWS_SESSION_TOKEN")))
            return
        }
        guard id == nil, secret == nil else {
            throw CredentialPlace.refusal("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY go together; one is missing")
        }
        let home = value("HOME").map { "\($0)/.aws/credentials" }
        let profile = value("AWS_PROFILE")
        if let path = value("AWS_SHARED_CREDENTIALS_FILE") ?? (profile != nil ? home : nil) {
            self = .file(path: path, profile: profile ?? "default")
        } else if let url = try CredentialPlace.containerURL(value) {
            let file = value("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE").map { Authorization.file($0) }
            self = .container(url: url, file ?? value("AWS_CONTAINER_AUTHORIZATION_TOKEN").map { .token($0) })
        } else if let home {
            self = .file(path: home, profile: "default")
        } else {
            throw CredentialPlace.refusal("the environment names no credentials")
        }
    }

    private static func containerURL(_ value: (String) -> String?) throws(SQSClientError) -> String? {
        if let path = value("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
            guard path.hasPrefix("/") else {
                throw refusal("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI must begin with a slash")
            }
            return host + path
        }
        guard let url = value("AWS_CONTAINER_CREDENTIALS_FULL_URI") else { return nil }
        guard isAllowed(url) else {
            throw refusal(
                "AWS_CONTAINER_CREDENTIALS_FULL_URI must be https, or http to this host, 169.254.170.2, 169.254.170.23 or [fd00:ec2::23]"
            )
        }
        return url
    }

    /// Without TLS only to addresses that do not leave the host.
    private static func isAllowed(_ url: String) -> Bool {
        if url.hasPrefix("https://") { return true }
        guard url.hasPrefix("http://") else { return false }
        let authority = url.dropFirst(7).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let name: Substring
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
            name = authority[...end]
            guard authority[authority.index(after: end)...].isPort else { return false }
        } else {
            name = authority.prefix { $0 != ":" }
            guard authority[name.endIndex...].isPort else { return false }
        }
        return ["localhost", "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]", "[::1]"].contains(name)
            || name.isLoopback
    }

    private static func refusal(_ text: String) -> SQSClientError {
        SQSClientError(SQSClientError.noCredentials, text, at: "environment")
    }
}

extension Substring {
    /// Nothing, or a colon and digits.
    fileprivate var isPort: Bool { isEmpty || first == ":" && dropFirst().utf8.allSatisfy { (48...57).contains($0) } }
    /// An address in 127.0.0.0/8.
    fileprivate var isLoopback: Bool {
        let parts = split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}
