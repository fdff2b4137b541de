internal import Model

/// How the time of an invocation is spent. By the monotonic clock.
struct InvocationTimes: Hashable, Sendable {
    var start: Duration
    /// Calls under way are aborted, so that what they held can still be settled: 2 s before the environment's deadline.
    var callsEnd: Duration
    /// The invocation is answered, whatever is open.
    var end: Duration

    private static let settling = Duration.seconds(2)
    /// A call that is cut ends so much before calls are aborted, which would charge no attempt.
    private static let cut = Duration.milliseconds(500)

    /// - Parameter left: until the environment's deadline. Of a short time at most half is kept for settling.
    init(now: Duration, left: Duration) {
        let left = max(.zero, left)
        let settling = min(InvocationTimes.settling, left / 2)
        start = now
        callsEnd = now + left - settling
        end = now + left - settling / 4
    }

    /// How long a call that begins now may take; nil: it is better begun in another invocation.
    ///
    /// A call that would take longer than any invocation lasts is cut short, and its timeout is recorded as an attempt.
    /// Another one waits for an invocation that has more time left.
    func callTime(_ wanted: Duration, now: Duration) -> Duration? {
        let left = callsEnd - now
        if wanted <= left { return wanted }
        let isFresh = now - start <= (callsEnd - start) / 5
        return isFresh && left > InvocationTimes.cut ? left - InvocationTimes.cut : nil
    }
}
