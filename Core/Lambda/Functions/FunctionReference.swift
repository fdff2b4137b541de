/// The function, and perhaps the version or alias, that a call of the Lambda API names.
///
/// `FunctionName` is a name, `name:qualifier`, `account:function:name[:qualifier]` or a whole ARN; the qualifier may be
/// given apart (Lambda API Reference, "Invoke").
package struct FunctionReference: Hashable, Sendable {
    /// 1 to 64 letters, digits, hyphens and underscores.
    package var name: String
    /// `$LATEST`, a version's number or an alias's name; nil: none was given.
    package var qualifier: String?
    /// Twelve digits; nil: the caller's.
    package var account: String?
    /// Nil: the one that was called.
    package var region: String?

    /// What is not published.
    package static let latest = "$LATEST"

    private static let namePattern =
        #"(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?"#

    /// A reference of these parts, which are not checked.
    package init(name: String, qualifier: String? = nil) {
        self.name = name
        self.qualifier = qualifier
    }

    /// Reads `FunctionName` and `Qualifier`; throws what Lambda answers to a text that names no function, and to two
    /// different qualifiers. An empty qualifier is none.
    package init(_ text: String, qualifier: String? = nil) throws(LambdaError) {
        let given = qualifier?.isEmpty == true ? nil : qualifier
        let parsed = FunctionReference(parsing: text)
        var check = RequestCheck()
        check.pattern(text, at: "functionName", FunctionReference.namePattern) { _ in parsed != nil }
        check.length(parsed?.name, at: "functionName", most: LambdaLimits.nameCharacters)
        check.length(given, at: "qualifier", most: LambdaLimits.qualifierCharacters)
        check.pattern(given, at: "qualifier", "(|[a-zA-Z0-9$_-]+)") {
            $0.count > LambdaLimits.qualifierCharacters || FunctionReference.isQualifier($0)
        }
        try check.finish()
        guard let parsed else { preconditionFailure("a name that does not parse was accepted: \(text)") }
        if let given, let own = parsed.qualifier, own != given {
            throw .invalid("The derived qualifier from the function name does not match the specified qualifier.")
        }
        self = parsed
        self.qualifier = given ?? parsed.qualifier
    }

    private init?(parsing text: String) {
        var parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)[...]
        if parts.first == "arn" {
            guard (7...8).contains(parts.count), parts[1].hasPrefix("aws"), parts[2] == "lambda",
                parts[5] == "function",
                FunctionReference.isRegion(parts[3]), FunctionReference.isAccount(parts[4])
            else { return nil }
            (region, account) = (parts[3], parts[4])
            parts = parts.dropFirst(6)
        } else {
            if parts.count > 1, FunctionReference.isAccount(parts[0]) { account = parts.removeFirst() }
            if parts.count > 1, parts.first == "function" { parts.removeFirst() }
        }
        guard let name = parts.popFirst(), parts.count <= 1, FunctionReference.isWord(name) else { return nil }
        self.name = name
        qualifier = parts.first
        if let qualifier, !FunctionReference.isQualifier(qualifier) { return nil }
    }

    // MARK: ARNs

    /// `arn:aws:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER]`.
    package static func arn(_ name: String, qualifier: String? = nil, account: String, region: String) -> String {
        let arn = "arn:aws:lambda:\(region):\(account):function:\(name)"
        return qualifier.map { "\(arn):\($0)" } ?? arn
    }

    /// The ARN of what is named, with its qualifier if it has one.
    ///
    /// - Parameters: where it is, unless the reference says so itself.
    package func arn(account: String, region: String) -> String {
        FunctionReference.arn(
            name, qualifier: qualifier, account: self.account ?? account, region: self.region ?? region)
    }

    // MARK: Forms

    /// Whether a function may have this name.
    package static func isName(_ text: String) -> Bool {
        text.utf8.count <= LambdaLimits.nameCharacters && isWord(text)
    }
    /// Whether a text is the number of a version, as Lambda writes it.
    package static func isVersion(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (48...57).contains($0) }
    }
    /// Whether an alias may have this name: it must not look like a version.
    package static func isAlias(_ text: String) -> Bool {
        text.utf8.count <= LambdaLimits.qualifierCharacters && isWord(text) && !isVersion(text)
    }
    /// Whether a text can be a version or an alias.
    package static func isQualifier(_ text: String) -> Bool {
        text == latest || text.utf8.count <= LambdaLimits.qualifierCharacters && isWord(text)
    }

    private static func isWord(_ text: String) -> Bool { !text.isEmpty && text.utf8.allSatisfy(\.isOfWord) }
    private static func isAccount(_ text: String) -> Bool { text.utf8.count == 12 && isVersion(text) }
    private static func isRegion(_ text: String) -> Bool {
        (1...32).contains(text.utf8.count)
            && text.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }
    }
}

extension UInt8 {
    /// A letter, a digit, a hyphen or an underscore.
    var isOfWord: Bool {
        (48...57).contains(self) || (65...90).contains(self) || (97...122).contains(self) || self == 45 || self == 95
    }
}
