package import Model

/// A tenant would exceed a limit; the write changed nothing.
package struct TenantLimit: Error, Hashable {
    /// `schedules` or `secrets`.
    package var things: String
    package var tenant: TenantID
    /// How many of them it may have.
    package var limit: Int

    /// The limit of a tenant on these things.
    package init(things: String, tenant: TenantID, limit: Int) {
        self.things = things
        self.tenant = tenant
        self.limit = limit
    }
}
