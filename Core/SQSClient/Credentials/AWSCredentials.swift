package import Model

/// A key of AWS. Neither the secret nor the token is in any description.
package struct AWSCredentials: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    /// The access key id.
    package var keyID: String
    /// The secret access key.
    package var secret: String
    /// Of temporary credentials; nil: they are permanent.
    package var token: String?
    /// When they end; nil: never.
    package var expires: Timestamp?

    /// Credentials that are permanent unless said otherwise.
    package init(keyID: String, secret: String, token: String? = nil, expires: Timestamp? = nil) {
        self.keyID = keyID
        self.secret = secret
        self.token = token
        self.expires = expires
    }

    /// The key id, and when it ends.
    package var description: String { "key \(keyID)\(expires.map { " until \($0)" } ?? "")" }
    /// As `description`.
    package var debugDescription: String { description }
    /// Without members, so that `dump` shows no more than `description`.
    package var customMirror: Mirror { Mirror(self, children: []) }

    /// How long before they end they are refreshed.
    package static let margin = Duration.seconds(300)

    /// Whether they may still be used.
    func isValid(at now: Timestamp) -> Bool { expires.map { now < $0 } ?? true }
    /// Whether it is time to look for newer ones.
    func isDue(at now: Timestamp) -> Bool { expires.map { $0 - AWSCredentials.margin <= now } ?? false }
}

extension AWSCredentials {
    /// Reads what a container's credential endpoint answers: `AccessKeyId`, `SecretAccessKey`, `Token` and `Expiration`
    /// (AWS SDKs Reference Guide, "Container credential provider").
    package init(containerAnswer body: [UInt8]) throws(SQSClientError) {
        func refusal(_ text: String) -> SQSClientError {
            SQSClientError(SQSClientError.noCredentials, text, at: "container credentials")
        }
        guard let json = try? JSON(parsing: body), json.members != nil else { throw refusal("the answer is no JSON") }
        guard let id = json["AccessKeyId"]?.text, let secret = json["SecretAccessKey"]?.text, !id.isEmpty,
            !secret.isEmpty
        else { throw refusal("the answer has no AccessKeyId or no SecretAccessKey") }
        var end: Timestamp?
        if let text = json["Expiration"]?.text {
            guard let time = Timestamp(text) else { throw refusal("its Expiration is no time in RFC 3339") }
            end = time
        }
        self.init(keyID: id, secret: secret, token: json["Token"]?.text, expires: end)
    }

    /// Reads a profile of a shared credentials file (AWS SDKs Reference Guide, "Shared config and credentials files").
    ///
    /// - Parameter path: for messages.
    package init(file text: String, profile: String, path: String) throws(SQSClientError) {
        var fields: [String: String] = [:]
        var isInside = false
        var isFound = false
        for line in text.split(whereSeparator: \.isNewline) {
            let line = AWSCredentials.trimmed(line)
            if line.isEmpty || line.hasPrefix("#") || line.hasPrefix(";") { continue }
            if line.hasPrefix("["), let end = line.firstIndex(of: "]") {
                isInside = AWSCredentials.trimmed(line[line.index(after: line.startIndex)..<end]) == profile
                isFound = isFound || isInside
            } else if isInside, let equals = line.firstIndex(of: "=") {
                let name = AWSCredentials.trimmed(line[..<equals]).lowercased()
                fields[name] = String(AWSCredentials.trimmed(line[line.index(after: equals)...]))
            }
        }
        func refusal(_ text: String) -> SQSClientError {
            SQSClientError(SQSClientError.noCredentials, "\(path): \(text)", at: "credentials file")
        }
        guard isFound else { throw refusal("there is no profile [\(profile)]") }
        guard let id = fields["aws_access_key_id"], let secret = fields["aws_secret_access_key"], !id.isEmpty,
            !secret.isEmpty
        else { throw refusal("[\(profile)] needs aws_access_key_id and aws_secret_access_key") }
        let token = fields["aws_session_token"]
        self.init(keyID: id, secret: secret, token: token?.isEmpty == false ? token : nil)
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}
