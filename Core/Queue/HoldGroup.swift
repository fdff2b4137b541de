package import Model

/// What held messages wait for.
package struct HoldGroup: Hashable, Sendable, CustomStringConvertible {
    /// `tenant:` or `host:` and the name; part of the key under which the group is kept.
    package let description: String

    /// Messages that wait for a change of the tenant's settings or secrets.
    package static func tenant(_ tenant: TenantID) -> HoldGroup { HoldGroup(description: "tenant:\(tenant)") }
    /// Messages that wait until the host answers a call again.
    package static func host(_ host: String) -> HoldGroup { HoldGroup(description: "host:\(host)") }
}
