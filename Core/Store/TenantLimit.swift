import Model

/// A tenant may not have more.
package struct TenantLimit: Error, Hashable {
    /// `schedules` or `secrets`.
    package var things: String
    package var tenant: String
    package var limit: Int

    package init(things: String, tenant: String, limit: Int) {
        self.things = things
        self.tenant = tenant
        self.limit = limit
    }
}
