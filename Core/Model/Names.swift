/// The owner of schedules: nothing is visible across tenants.
///
/// 1 to 63 of `a-z A-Z 0-9 . _ -`, beginning with a letter or a digit.
public struct TenantID: Hashable, Sendable, CustomStringConvertible {
    public let description: String

    public init?(_ text: String) {
        guard NameRule.tenant.accepts(text) else { return nil }
        description = text
    }

    /// For names that have been checked before: those read back from the store.
    package init(checked text: String) { description = text }
}

/// A schedule's name, unique within its tenant.
///
/// 1 to 200 of `a-z A-Z 0-9 . _ - : @ +`, beginning with a letter or a digit.
public struct ScheduleName: Hashable, Sendable, CustomStringConvertible {
    public let description: String

    public init?(_ text: String) {
        guard NameRule.schedule.accepts(text) else { return nil }
        description = text
    }

    /// For names that have been checked before: those read back from the store.
    package init(checked text: String) { description = text }
}

extension ScheduleName {
    private static let reservedPrefixes = ["one-off:", "on-failure:"]
    /// `POST /v1/schedules/pause` is a call of its own, so that no schedule can have the path.
    private static let callNames = ["import", "pause", "preview", "resume"]

    /// Names of Headgate's own, which users can neither give nor address.
    package var isReserved: Bool { ScheduleName.reservedPrefixes.contains { description.hasPrefix($0) } }
    /// Also the names of calls beside schedules: none is made with such a name. What has it from an earlier version is addressed with
    /// its first letter percent-encoded (`/v1/schedules/%70ause`).
    package var cannotBeGiven: Bool { isReserved || isCallName }
    /// The name of a call beside schedules.
    package var isCallName: Bool { ScheduleName.callNames.contains(description) }
    /// What a schedule may be called, for messages.
    package static let sentence =
        "\(NameRule.schedule.sentence), and none of \(callNames.joined(separator: ", ")); names that begin with "
        + "\(reservedPrefixes.joined(separator: " or ")) are Headgate's own"
}

/// What a name may consist of, and how to say so.
package struct NameRule: Sendable {
    package let maximumLength: Int
    package let punctuation: String

    package static let tenant = NameRule(maximumLength: 63, punctuation: "._-")
    package static let schedule = NameRule(maximumLength: 200, punctuation: "._-:@+")
    package static let secret = NameRule(maximumLength: 63, punctuation: "._-")

    package func accepts(_ text: String) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= maximumLength, NameRule.isAlphanumeric(first) else {
            return false
        }
        return text.utf8.allSatisfy { NameRule.isAlphanumeric($0) || punctuation.utf8.contains($0) }
    }

    /// `1 to 63 letters, digits or any of ._- , beginning with a letter or a digit`
    package var sentence: String {
        "1 to \(maximumLength) of a-z A-Z 0-9 \(punctuation), beginning with a letter or a digit"
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
    }
}
