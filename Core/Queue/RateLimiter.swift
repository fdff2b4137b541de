/// Spaces out calls so that no bucket exceeds its rate, over all workers together.
///
/// A call that may not be made now reserves a time of its own and may go when it asks again at that time: a backlog
/// costs two requests a message and no polling. Generic cell rate algorithm (ITU-T I.371) without a burst: the calls of
/// a bucket are evenly spaced.
package protocol RateLimiter: Sendable {
    /// How long each request has to wait, in the order of the requests; zero: it may go now.
    ///
    /// A request that waits is asked again after that time, with the same id. Nothing is reserved if the wait exceeds
    /// `QueueRules.rateHorizon` or the request's `longest`. After an error some requests may have reserved a time;
    /// asking again finds it.
    func reserve(_ requests: [RateRequest]) async throws(QueueError) -> [Duration]
}

extension QueueRules {
    /// How far ahead a call can reserve a time; with a longer wait it asks again.
    package static let rateHorizon = Duration.seconds(300)
}
