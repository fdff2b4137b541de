/// How often a call is repeated, and after what pause.
package struct CallRepeats: Hashable, Sendable {
    /// Repeats after the first call. Default 3.
    package var most = 3
    /// The longest pause before the first repeat; it doubles with each. Default 100 ms.
    package var base: Duration = .milliseconds(100)
    /// No pause is longer. Default 2 s.
    package var cap: Duration = .seconds(2)

    /// The defaults given at each property.
    package init() {}

    /// The pause before a repeat: full jitter, that is, any part of `min(cap, base * 2^(number - 1))` (AWS Architecture
    /// Blog, "Exponential Backoff And Jitter").
    ///
    /// - Parameters:
    ///   - number: of the repeat, from 1.
    ///   - part: from 0 to 1, by chance.
    package func pause(before number: Int, part: Double) -> Duration {
        let longest = min(cap, base * (1 << min(20, max(0, number - 1))))
        return longest * min(1, max(0, part))
    }
}
