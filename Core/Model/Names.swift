/// The owner of schedules; tenants see nothing of each other.
///
/// 1 to 63 of `a-z A-Z 0-9 . _ -`, beginning with a letter or a digit.
public struct TenantID: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let description: String

    /// Nil if the text is no valid tenant name.
    public init?(_ text: String) {
        guard NameRule.tenant.accepts(text) else { return nil }
        description = text
    }

    /// For names that were checked before, such as those read from the store.
    package init(checked text: String) { description = text }

    /// By bytes: the characters are ASCII.
    public static func < (left: TenantID, right: TenantID) -> Bool { left.description < right.description }
}

/// A schedule's name, unique within its tenant.
///
/// 1 to 200 of `a-z A-Z 0-9 . _ - : @ +`, beginning with a letter or a digit.
public struct ScheduleName: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let description: String

    /// Nil if the text is no valid schedule name. Reserved names are accepted: see `isUnavailable`.
    public init?(_ text: String) {
        guard NameRule.schedule.accepts(text) else { return nil }
        description = text
    }

    /// For names that were checked before, such as those read from the store.
    package init(checked text: String) { description = text }

    /// By bytes: the characters are ASCII.
    public static func < (left: ScheduleName, right: ScheduleName) -> Bool { left.description < right.description }
}

/// A flow's name, unique within its tenant.
///
/// 1 to 200 of `a-z A-Z 0-9 . _ - : @ +`, beginning with a letter or a digit.
public struct FlowName: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let description: String

    /// Nil if the text is no valid flow name.
    public init?(_ text: String) {
        guard NameRule.flow.accepts(text) else { return nil }
        description = text
    }

    /// For names that were checked before, such as those read from the store.
    package init(checked text: String) { description = text }

    /// By bytes: the characters are ASCII.
    public static func < (left: FlowName, right: FlowName) -> Bool { left.description < right.description }
}

extension FlowName: ExpressibleByStringLiteral {
    /// A constant; whoever writes it has checked it.
    public init(stringLiteral text: String) { description = text }
}

extension TenantID: ExpressibleByStringLiteral {
    /// A constant; whoever writes it has checked it.
    public init(stringLiteral text: String) { description = text }
}

extension ScheduleName: ExpressibleByStringLiteral {
    /// A constant; whoever writes it has checked it.
    public init(stringLiteral text: String) { description = text }
}

extension ScheduleName {
    private static let reservedPrefixes = ["one-off:", "on-failure:"]
    /// `POST /v1/schedules/pause` is a call of its own, so no schedule can have that path.
    private static let callNames = ["import", "pause", "preview", "resume"]

    /// Headgate's own names, which users can neither give nor address.
    package var isReserved: Bool { ScheduleName.reservedPrefixes.contains { description.hasPrefix($0) } }
    /// Whether no schedule may be created with this name: it is reserved, or the name of a call. An older schedule with
    /// the name of a call is addressed with its first letter percent-encoded (`/v1/schedules/%70ause`).
    package var isUnavailable: Bool { isReserved || isCallName }
    /// Whether it is the name of a call beside the schedules.
    package var isCallName: Bool { ScheduleName.callNames.contains(description) }
    /// What a schedule may be called, for messages.
    package static let requirement =
        "\(NameRule.schedule.requirement), and none of \(callNames.joined(separator: ", ")); names that begin with "
        + "\(reservedPrefixes.joined(separator: " or ")) are Headgate's own"
}

/// Which names are valid, and how to say so.
package struct NameRule: Sendable {
    /// In characters, all of them ASCII.
    package let maximumLength: Int
    /// Allowed besides letters and digits, but not first.
    package let punctuation: String

    /// For `TenantID`.
    package static let tenant = NameRule(maximumLength: 63, punctuation: "._-")
    /// For `ScheduleName`.
    package static let schedule = NameRule(maximumLength: 200, punctuation: "._-:@+")
    /// For `FlowName`.
    package static let flow = schedule
    /// For the names of secrets.
    package static let secret = NameRule(maximumLength: 63, punctuation: "._-")

    /// Whether the text follows the rule.
    package func accepts(_ text: String) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= maximumLength, NameRule.isAlphanumeric(first) else {
            return false
        }
        return text.utf8.allSatisfy { NameRule.isAlphanumeric($0) || punctuation.utf8.contains($0) }
    }

    /// The rule for messages: `1 to 63 of a-z A-Z 0-9 ._-, beginning with a letter or a digit`.
    package var requirement: String {
        "1 to \(maximumLength) of a-z A-Z 0-9 \(punctuation), beginning with a letter or a digit"
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
    }
}
