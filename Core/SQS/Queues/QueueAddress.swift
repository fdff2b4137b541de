/// An account in a region: queues of different realms do not know of each other.
package struct SQSRealm: Hashable, Sendable, CustomStringConvertible {
    /// Twelve digits.
    package var account: String
    /// Such as `us-east-1`.
    package var region: String

    /// A realm of these parts, which are not checked.
    package init(account: String, region: String) {
        self.account = account
        self.region = region
    }

    /// `ACCOUNT:REGION`.
    package var description: String { "\(account):\(region)" }

    /// Whether a text is an account id: twelve digits.
    package static func isAccount(_ text: some StringProtocol) -> Bool {
        text.utf8.count == 12 && text.utf8.allSatisfy { (48...57).contains($0) }
    }
    /// Whether a text can be a region: lower-case letters, digits and hyphens, at most 32.
    package static func isRegion(_ text: some StringProtocol) -> Bool {
        (1...32).contains(text.utf8.count)
            && text.utf8.allSatisfy { (48...57).contains($0) || (97...122).contains($0) || $0 == 45 }
    }
}

/// A queue's name and where it is.
package struct QueueAddress: Hashable, Sendable, CustomStringConvertible {
    /// Where the queue is.
    package var realm: SQSRealm
    /// Valid by `isName`, unless it came from elsewhere.
    package var name: String

    /// An address of these parts, which are not checked.
    package init(realm: SQSRealm, name: String) {
        self.realm = realm
        self.name = name
    }

    /// Whether the name ends with `.fifo`.
    package var isFIFO: Bool { name.hasSuffix(".fifo") }
    /// `arn:aws:sqs:REGION:ACCOUNT:NAME`.
    package var arn: String { "arn:aws:sqs:\(realm.region):\(realm.account):\(name)" }
    /// The ARN.
    package var description: String { arn }

    /// Reads an ARN; nil if it is none of a queue.
    package init?(arn: String) {
        let parts = arn.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 6, parts[0] == "arn", parts[1].hasPrefix("aws"), parts[2] == "sqs",
            SQSRealm.isRegion(parts[3]), SQSRealm.isAccount(parts[4]), QueueAddress.isName(parts[5])
        else { return nil }
        self.init(realm: SQSRealm(account: parts[4], region: parts[3]), name: parts[5])
    }

    /// Whether a queue may have this name: 1 to 80 letters, digits, hyphens and underscores, and perhaps `.fifo` as the
    /// last five of them.
    package static func isName(_ name: String) -> Bool {
        let stem = name.hasSuffix(".fifo") ? name.dropLast(5) : name[...]
        return !stem.isEmpty && name.utf8.count <= 80 && stem.utf8.allSatisfy { $0.isNameByte }
    }

    /// The last part of a URL's path, and the account before it if there is one: `/ACCOUNT/NAME`,
    /// `/queue/REGION/ACCOUNT/NAME`, or only a name. The host may be any.
    ///
    /// - Returns: nil if the text names no queue.
    package static func parse(url: String, in realm: SQSRealm) -> QueueAddress? {
        var path = url[...]
        if let scheme = path.range(of: "://") {
            path = path[scheme.upperBound...]
            guard let slash = path.firstIndex(of: "/") else { return nil }
            path = path[slash...]
        }
        return parse(path: path.prefix { $0 != "?" && $0 != "#" }, in: realm)
    }

    /// As `parse(url:in:)`, for the path of a request.
    package static func parse(path: some StringProtocol, in realm: SQSRealm) -> QueueAddress? {
        let parts = path.split { $0 == "/" }.map { String($0) }
        guard let name = parts.last, isName(name) else { return nil }
        var realm = realm
        if parts.count >= 2 {
            guard SQSRealm.isAccount(parts[parts.count - 2]) else { return nil }
            realm.account = parts[parts.count - 2]
        }
        if parts.count == 4, parts[0] == "queue", SQSRealm.isRegion(parts[1]) {
            realm.region = parts[1]
        } else if parts.count > 2 {
            return nil
        }
        return QueueAddress(realm: realm, name: name)
    }

    /// The path of the queue's URL.
    package var path: String { "/\(realm.account)/\(name)" }
}

extension UInt8 {
    /// A letter, a digit, a hyphen or an underscore.
    package var isNameByte: Bool {
        (48...57).contains(self) || (65...90).contains(self) || (97...122).contains(self) || self == 45 || self == 95
    }
}

extension Substring {
    /// Where a text first occurs.
    fileprivate func range(of text: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
            start = index(after: start)
        }
        return nil
    }
}
