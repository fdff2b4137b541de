/// What held messages wait for.
package struct HoldGroup: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    /// For a change of the tenant's settings or secrets.
    package static func tenant(_ tenant: String) -> HoldGroup { HoldGroup(description: "tenant:\(tenant)") }
    /// For an answer of a host.
    package static func host(_ host: String) -> HoldGroup { HoldGroup(description: "host:\(host)") }
}
