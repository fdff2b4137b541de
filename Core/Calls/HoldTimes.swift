package import Queue

/// Decides for how long calls are held that cannot be made now. A value without clock or randomness of its own.
///
/// A call waits for as long as it has waited already, so that its wait doubles without a memory, from `shortest` to `longest`. And
/// the calls of a group do not come back faster than a given rate, however many they are: they are woken when what they wait for
/// changes, and ask by themselves only in case nobody saw that.
package struct HoldTimes: Sendable {
    package static let shortest: Duration = .seconds(2)
    package static let longest: Duration = .seconds(60)
    /// The longest that the rate of a group makes a call wait.
    package static let longestTurn: Duration = .seconds(3_600)
    /// Calls of a group that come back in a second, where nothing else is said.
    package static let perSecond = 20.0

    /// When the next call of a group may come.
    private var turns: [HoldGroup: ContinuousClock.Instant] = [:]

    package init() {}

    /// - Parameters:
    ///   - waited: since the call could first have been made.
    ///   - perSecond: how many of the group come back in a second.
    package mutating func time(
        for group: HoldGroup, waited: Duration, perSecond: Double = HoldTimes.perSecond,
        at now: ContinuousClock.Instant, using random: inout some RandomNumberGenerator
    ) -> Duration {
        if turns.count >= 1_000 { turns = turns.filter { $0.value > now } }
        let doubled = min(max(waited, HoldTimes.shortest), HoldTimes.longest)
        // They do not come back together.
        let own = max(HoldTimes.shortest, doubled * Double.random(in: 0.75...1, using: &random))
        let turn = max(now + own, turns[group] ?? now)
        let wait = turn - now
        guard wait < HoldTimes.longestTurn else {
            return HoldTimes.longestTurn * Double.random(in: 0.5...1, using: &random)
        }
        // Those whose own time is later do not take the turns before it.
        turns[group] = max(turns[group] ?? now, now) + .seconds(1 / perSecond)
        return wait
    }

    /// The calls of a group are woken: nobody of it waits any more.
    package mutating func forget(_ group: HoldGroup) { turns[group] = nil }
}
