package import Queue

/// Decides how long calls are held that cannot be made now. A value without clock or randomness of its own.
///
/// A call waits for about as long as it has waited already, so that its waits double, from `shortest` to `longest`,
/// without any state per call. The calls of a group come back no faster than a given rate, however many they are: they
/// are woken when what they wait for changes, and come back by themselves only in case nobody noticed (decision 0019).
package struct HoldTimes: Sendable {
    /// The shortest wait.
    package static let shortest: Duration = .seconds(2)
    /// The longest wait from doubling.
    package static let longest: Duration = .seconds(60)
    /// The longest wait that a group's rate imposes.
    package static let longestTurn: Duration = .seconds(3_600)
    /// How many calls of a group come back in a second unless told otherwise.
    package static let perSecond = 20.0

    /// When the next call of a group may come back.
    private var turns: [HoldGroup: ContinuousClock.Instant] = [:]

    /// Starts with no calls held.
    package init() {}

    /// How long a call of a group is to be held, with jitter; reserves its turn.
    ///
    /// - Parameters:
    ///   - waited: time since the call could first have been made.
    ///   - perSecond: how many of the group may come back in a second.
    package mutating func time(
        for group: HoldGroup, waited: Duration, perSecond: Double = HoldTimes.perSecond,
        at now: ContinuousClock.Instant, using random: inout some RandomNumberGenerator
    ) -> Duration {
        if turns.count >= 1_000 { turns = turns.filter { $0.value > now } }
        let doubled = min(max(waited, HoldTimes.shortest), HoldTimes.longest)
        // Jitter, so that they do not all come back together.
        let own = max(HoldTimes.shortest, doubled * Double.random(in: 0.75...1, using: &random))
        let turn = max(now + own, turns[group] ?? now)
        let wait = turn - now
        guard wait < HoldTimes.longestTurn else {
            return HoldTimes.longestTurn * Double.random(in: 0.5...1, using: &random)
        }
        // The next turn follows the previous turn, not this call's own longer wait; otherwise one long wait would delay
        // the whole group.
        turns[group] = max(turns[group] ?? now, now) + .seconds(1 / perSecond)
        return wait
    }

    /// Forgets the turns of a group whose calls are woken: none of it waits any more.
    package mutating func forget(_ group: HoldGroup) { turns[group] = nil }
}
