/// How late a trigger may run: also the window inside which it is placed.
package enum Margin: Hashable, Sendable {
    /// Placed exactly at the occurrence; useful for max(60 s, 25 % of the gap to the next occurrence), at most 7 d, and for
    /// 7 d where the occurrence is an `at`.
    case omitted
    /// Zero: placed exactly, useful for 60 s.
    case duration(Duration)
    /// Of the gap to the next occurrence, in hundredths of a percent: 2 500 is a quarter. At most 7 d; of 7 d where no
    /// occurrence follows.
    case share(Int)

    /// No window is longer, and no trigger without a margin is useful for longer.
    package static let maximum: Duration = .seconds(604_800)
    /// Every trigger is useful for at least this long.
    package static let leastUsefulness: Duration = .seconds(60)
}
