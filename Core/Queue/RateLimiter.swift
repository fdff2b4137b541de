/// Spaces out calls so that a bucket has no more than its rate, over all workers.
///
/// A call that cannot be made now gets a time of its own, when it is asked for again and let go: a backlog costs two questions a
/// message and no polling. Generic cell rate algorithm (ITU-T I.371) without a burst: the calls of a bucket are evenly spaced.
package protocol RateLimiter: Sendable {
    /// For each request how long it has to wait; zero: it may go now.
    func reserve(_ requests: [RateRequest]) async throws(QueueError) -> [Duration]
}

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

extension QueueRules {
    /// How far ahead a call gets a time of its own; later ones ask again.
    package static let rateHorizon = Duration.seconds(300)
}
