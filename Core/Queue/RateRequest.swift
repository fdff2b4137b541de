package import Model

/// A call that asks whether its tenant's rates allow it now.
package struct RateRequest: Hashable, Sendable {
    /// One rate that a call is subject to.
    package struct Bucket: Hashable, Sendable {
        /// Unique among the tenant's buckets.
        package var name: String
        /// Calls a second; more than 0.
        package var rate: Double

        /// A bucket of that name and rate.
        package init(name: String, rate: Double) {
            self.name = name
            self.rate = rate
        }
    }

    /// The message's id: the same whenever the call asks again.
    package var id: MessageID
    package var tenant: TenantID
    /// All of them must allow the call.
    package var buckets: [Bucket]
    /// The longest acceptable wait; if it would be longer, nothing is reserved and the place is left to others.
    package var longest: Duration

    /// A request for one call.
    package init(id: MessageID, tenant: TenantID, longest: Duration, buckets: [Bucket]) {
        self.id = id
        self.tenant = tenant
        self.longest = longest
        self.buckets = buckets
    }
}
