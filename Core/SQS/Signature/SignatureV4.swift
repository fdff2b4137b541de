private import Crypto
package import Model

/// Signature Version 4 as AWS checks it: in a header or in the query of a presigned URL.
///
/// Source: "Signature Version 4 signing process" (AWS General Reference). Paths are normalized and encoded once more, as
/// for every service but S3.
package struct SignatureV4: Sendable {
    /// Keys that are accepted, by id.
    private let keys: [String: Key]

    /// One pair of credentials.
    package struct Key: Hashable, Sendable {
        /// The access key id.
        package var id: String
        /// The secret access key.
        package var secret: String
        /// Of temporary credentials; nil: they are not.
        package var token: String?

        /// A pair that is permanent, unless it has a token.
        package init(id: String, secret: String, token: String? = nil) {
            self.id = id
            self.secret = secret
            self.token = token
        }

        /// Reads `ID:SECRET` or `ID:SECRET:TOKEN`, separated by commas, with blanks around them; nil for anything else, or where
        /// an id stands twice.
        package static func list(_ text: String) -> [Key]? {
            var keys: [Key] = []
            for entry in text.split(separator: ",", omittingEmptySubsequences: false) {
                let trimmed = entry.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()
                let parts = String(trimmed).split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(
                    String.init)
                guard parts.count >= 2, parts.allSatisfy({ !$0.isEmpty }), !keys.contains(where: { $0.id == parts[0] })
                else { return nil }
                keys.append(Key(id: parts[0], secret: parts[1], token: parts.count == 3 ? parts[2] : nil))
            }
            return keys.isEmpty ? nil : keys
        }
    }

    /// How far a request's time may be from the host's.
    static let tolerance = Duration.seconds(15 * 60)

    /// A check against these keys.
    package init(keys: [Key]) { self.keys = Dictionary(keys.map { ($0.id, $0) }, uniquingKeysWith: { $1 }) }

    /// What a request says of its signer, whether or not it is true: the id of the key and the region of its scope; nil:
    /// it is not signed.
    package static func credential(of request: WireRequest) -> (keyID: String, region: String)? {
        guard let parts = Claim(request)?.scope, parts.count == 5 else { return nil }
        return (parts[0], parts[2])
    }

    /// Throws what AWS answers to a request whose signature is missing, too old or wrong.
    package func check(_ request: WireRequest, now: Timestamp, service: String = "sqs") throws(SQSError) {
        guard let claim = Claim(request) else {
            throw SQSError("MissingAuthenticationToken", "Request is missing Authentication Token", status: 403)
        }
        guard claim.algorithm == "AWS4-HMAC-SHA256", claim.scope.count == 5, claim.scope[4] == "aws4_request",
            !claim.signature.isEmpty, claim.signedHeaders.contains("host"),
            let time = SignatureV4.time(claim.time), claim.time.hasPrefix(claim.scope[1])
        else {
            throw SQSError(
                "IncompleteSignature",
                "The request signature does not conform to AWS standards: it needs Credential, SignedHeaders, Signature and X-Amz-Date."
            )
        }
        // A header that decides what is done must not be added to what was signed.
        let unsigned = request.headers.first {
            $0.name.hasPrefix("x-amz-") && $0.name != "x-amz-content-sha256" && !claim.signedHeaders.contains($0.name)
        }
        if let unsigned {
            throw SQSError(
                "SignatureDoesNotMatch", "The header \(unsigned.name) is present in the request and not signed.",
                status: 403)
        }
        guard claim.scope[3] == service else {
            throw SQSError(
                "SignatureDoesNotMatch", "Credential should be scoped to correct service: '\(service)'.", status: 403)
        }
        guard let key = keys[claim.scope[0]], key.token == claim.token else {
            throw SQSError(
                "InvalidClientTokenId", "The security token included in the request is invalid.", status: 403)
        }
        let expected = SignatureV4.signature(
            of: request, claim.signedHeaders, time: claim.time, scope: Array(claim.scope.dropFirst()), key: key,
            isPresigned: claim.lifetime != nil)
        guard SignatureV4.isEqual(expected, claim.signature) else {
            throw SQSError(
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
                status: 403)
        }
        if let lifetime = claim.lifetime {
            guard now <= time + lifetime, time <= now + SignatureV4.tolerance else {
                throw SQSError("RequestExpired", "Request has expired.", status: 403)
            }
        } else if max(now - time, time - now) > SignatureV4.tolerance {
            throw SQSError(
                "SignatureDoesNotMatch",
                now > time
                    ? "Signature expired: \(claim.time) is now earlier than \(SignatureV4.text(now - SignatureV4.tolerance)) (\(SignatureV4.text(now)) - 15 min.)"
                    : "Signature not yet current: \(claim.time) is still later than \(SignatureV4.text(now + SignatureV4.tolerance)) (\(SignatureV4.text(now)) + 15 min.)",
                status: 403)
        }
    }

    /// Takes the same time wherever they differ.
    private static func isEqual(_ one: String, _ other: String) -> Bool {
        let (one, other) = (Array(one.utf8), Array(other.utf8))
        guard one.count == other.count else { return false }
        return zip(one, other).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }

    // MARK: Signing

    /// The signature, in hexadecimal digits.
    ///
    /// - Parameter scope: date, region, service and `aws4_request`.
    package static func signature(
        of request: WireRequest, _ signedHeaders: [String], time: String, scope: [String], key: Key,
        isPresigned: Bool = false
    ) -> String {
        let canonical = canonicalRequest(request, signedHeaders, isPresigned: isPresigned)
        let digest = SHA256.hash(data: Array(canonical.utf8)).hexadecimal
        let text = "AWS4-HMAC-SHA256\n\(time)\n\(scope.joined(separator: "/"))\n\(digest)"
        var derived = SymmetricKey(data: Array("AWS4\(key.secret)".utf8))
        for part in scope {
            derived = SymmetricKey(data: Array(HMAC<SHA256>.authenticationCode(for: Array(part.utf8), using: derived)))
        }
        return HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: derived).hexadecimal
    }

    /// The text whose digest is signed.
    package static func canonicalRequest(
        _ request: WireRequest, _ signedHeaders: [String], isPresigned: Bool = false
    ) -> String {
        var pairs: [(String, String)] = []
        for pair in request.query.split(separator: "&") {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = encoded(decoded(sides[0]))
            if isPresigned, name == "X-Amz-Signature" { continue }
            pairs.append((name, sides.count == 2 ? encoded(decoded(sides[1])) : ""))
        }
        let query = pairs.sorted { $0 < $1 }.map { "\($0)=\($1)" }.joined(separator: "&")
        let headers = signedHeaders.map { name in
            let values = request.headers.filter { $0.name == name }.map { collapsed($0.value) }
            return "\(name):\(values.joined(separator: ","))\n"
        }.joined()
        let body = SHA256.hash(data: request.body).hexadecimal
        return [
            request.method, path(request.path), query, headers, signedHeaders.joined(separator: ";"), body,
        ].joined(separator: "\n")
    }

    /// Without `.`, `..` and empty segments (RFC 3986, 5.2.4), encoded once more.
    private static func path(_ path: String) -> String {
        var segments: [Substring] = []
        for segment in path.split(separator: "/", omittingEmptySubsequences: true) {
            switch segment {
            case ".": break
            case "..": _ = segments.popLast()
            default: segments.append(segment)
            }
        }
        let isOpen = path.hasSuffix("/") || path.hasSuffix("/.") || path.hasSuffix("/..")
        let joined = segments.map { encoded(Array($0.utf8)) }.joined(separator: "/")
        return segments.isEmpty ? "/" : "/\(joined)\(isOpen ? "/" : "")"
    }

    private static func decoded(_ text: some StringProtocol) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            let next = rest.prefix(2).compactMap(\.hexadecimalValue)
            if byte == UInt8(ascii: "+") {
                // Read as a blank, so signed as one.
                bytes.append(32)
            } else if byte == UInt8(ascii: "%"), next.count == 2 {
                bytes.append(next[0] << 4 | next[1])
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return bytes
    }

    /// Everything but unreserved characters (RFC 3986, 2.3) in upper-case hexadecimal.
    private static func encoded(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var text: [UInt8] = []
        for byte in bytes {
            if byte.isNameByte || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "~") {
                text.append(byte)
            } else {
                text += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Without blanks at the ends, and with one where there are several.
    private static func collapsed(_ value: String) -> String {
        value.split { $0 == " " || $0 == "\t" }.joined(separator: " ")
    }

    // MARK: Times

    /// Reads `20150830T123600Z`.
    static func time(_ text: String) -> Timestamp? {
        let digits = Array(text.utf8)
        guard digits.count == 16, digits[8] == UInt8(ascii: "T"), digits[15] == UInt8(ascii: "Z") else { return nil }
        func part(_ range: Range<Int>) -> String { String(decoding: digits[range], as: UTF8.self) }
        return Timestamp(
            "\(part(0..<4))-\(part(4..<6))-\(part(6..<8))T\(part(9..<11)):\(part(11..<13)):\(part(13..<15))Z")
    }

    /// Writes `20150830T123600Z`.
    package static func text(_ time: Timestamp) -> String {
        let digits = time.description.prefix(19).filter { $0 != "-" && $0 != ":" }
        return "\(digits)Z"
    }
}

/// What a request says of its signature.
private struct Claim {
    var algorithm: String
    /// Key id, date, region, service and `aws4_request`.
    var scope: [String]
    var signedHeaders: [String]
    var signature: String
    var time: String
    var token: String?
    /// Of a presigned URL; nil: it is none.
    var lifetime: Duration?

    /// Nil: the request is not signed.
    init?(_ request: WireRequest) {
        if let header = request.header("authorization") {
            let words = header.split(separator: " ", maxSplits: 1).map(String.init)
            guard !words.isEmpty, words[0].hasPrefix("AWS4-") else { return nil }
            var fields: [String: String] = [:]
            for part in words.dropFirst().joined().split(separator: ",") {
                let sides = part.split(separator: "=", maxSplits: 1).map(String.init)
                guard sides.count == 2 else { continue }
                fields[sides[0].filter { $0 != " " }] = sides[1]
            }
            algorithm = words[0]
            scope = Claim.scope(fields["Credential"] ?? "")
            signedHeaders = (fields["SignedHeaders"] ?? "").split(separator: ";").map(String.init)
            signature = fields["Signature"] ?? ""
            time = request.header("x-amz-date") ?? ""
            token = request.header("x-amz-security-token")
            return
        }
        var form = QueryForm()
        guard (try? form.add(request.query.utf8)) != nil, let algorithm = form.root["X-Amz-Algorithm"]?.value else {
            return nil
        }
        self.algorithm = algorithm
        scope = Claim.scope(form.root["X-Amz-Credential"]?.value ?? "")
        signedHeaders = (form.root["X-Amz-SignedHeaders"]?.value ?? "").split(separator: ";").map(String.init)
        signature = form.root["X-Amz-Signature"]?.value ?? ""
        time = form.root["X-Amz-Date"]?.value ?? ""
        token = form.root["X-Amz-Security-Token"]?.value
        let seconds = form.root["X-Amz-Expires"]?.value.flatMap { Int($0) } ?? 0
        lifetime = .seconds(max(0, seconds))
        // A week at most: what says more is not well formed.
        if seconds > 604_800 { signature = "" }
    }

    /// The key id may have slashes itself: the last four parts are the scope.
    private static func scope(_ text: String) -> [String] {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count >= 5 else { return parts }
        return [parts.dropLast(4).joined(separator: "/")] + parts.suffix(4)
    }
}
