package struct RateRequest: Hashable, Sendable {
    package struct Bucket: Hashable, Sendable {
        /// Of the tenant's buckets.
        package var name: String
        /// Calls a second.
        package var rate: Double

        package init(name: String, rate: Double) {
            self.name = name
            self.rate = rate
        }
    }

    /// The same at every try.
    package var id: MessageID
    package var tenant: String
    package var buckets: [Bucket]
    /// How long it can wait: one that would have to wait longer gets no time, and its place is for others.
    package var longest: Duration

    package init(id: MessageID, tenant: String, longest: Duration, buckets: [Bucket]) {
        self.id = id
        self.tenant = tenant
        self.longest = longest
        self.buckets = buckets
    }
}
