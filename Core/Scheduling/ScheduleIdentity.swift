package import Model

/// Whose schedule it is: what gives it its own place in time.
package struct ScheduleIdentity: Hashable, Sendable {
    package let tenant: TenantID
    package let name: ScheduleName

    package init(tenant: TenantID, name: ScheduleName) {
        self.tenant = tenant
        self.name = name
    }

    /// Well-spread bits of tenant/name, the same everywhere and always: the default anchor of `every`, cron's `H`, the
    /// stable offset of `hash`.
    package var seed: UInt64 {
        var hash = StableHash()
        hash.combine(tenant.description)
        hash.combine("/")
        hash.combine(name.description)
        return hash.value
    }
}
