package import Model

/// Which schedule it is: what its own offsets in time are derived from.
package struct ScheduleIdentity: Hashable, Sendable {
    package let tenant: TenantID
    package let name: ScheduleName

    /// The identity of a tenant's schedule.
    package init(tenant: TenantID, name: ScheduleName) {
        self.tenant = tenant
        self.name = name
    }

    /// Well-spread bits of tenant/name, the same everywhere and always: for the default anchor of `every`, cron's `H`,
    /// and the stable offset of `hash`.
    package var seed: UInt64 {
        var hash = StableHash()
        hash.combine(tenant.description)
        hash.combine("/")
        hash.combine(name.description)
        return hash.value
    }
}
