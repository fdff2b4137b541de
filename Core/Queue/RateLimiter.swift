/// Spaces out calls so that a bucket has no more than its rate, over all workers.
///
/// A call that cannot be made now gets a time of its own, when it is asked for again and let go: a backlog costs two questions a
/// message and no polling. Generic cell rate algorithm (ITU-T I.371) without a burst: the calls of a bucket are evenly spaced.
package protocol RateLimiter: Sendable {
    /// For each request how long it has to wait; zero: it may go now.
    func reserve(_ requests: [RateRequest]) async throws(QueueError) -> [Duration]
}

extension QueueRules {
    /// How far ahead a call gets a time of its own; later ones ask again.
    package static let rateHorizon = Duration.seconds(300)
}
