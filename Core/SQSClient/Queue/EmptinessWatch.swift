internal import Model

/// Decides when a queue counts as empty, by counts that are only approximate.
///
/// SQS's counts lag by up to a minute. A queue counts as empty after three looks in a row at which all counts were 0,
/// each one to three minutes after the one before. After a longer pause the looks begin anew: nobody knows what went
/// through the queue meanwhile.
struct EmptinessWatch: Sendable {
    private var looks = 0
    /// By the monotonic clock: of the latest look that counts.
    private var last: Duration?

    private static let looks = 3
    private static let interval = Duration.seconds(60)
    private static let longest = Duration.seconds(180)

    /// Takes note of a look, and says whether the queue counts as empty now.
    mutating func look(messages: Int, now: Duration) -> Bool {
        if let last, now - last > EmptinessWatch.longest { reset() }
        if messages > 0 {
            reset()
        } else if last.map({ now - $0 >= EmptinessWatch.interval }) ?? true {
            looks += 1
            last = now
        }
        return looks >= EmptinessWatch.looks
    }

    /// Something was sent: the counts may not show it yet.
    mutating func reset() {
        looks = 0
        last = nil
    }
}
