/// How late a trigger may run, which is also the window in which it is placed.
package enum Margin: Hashable, Sendable {
    /// Placed exactly at the occurrence; useful for max(60 s, 25 % of the gap to the next occurrence), at most 7 d, and
    /// for 7 d if the occurrence is an `at`.
    case omitted
    /// Zero: placed exactly at the occurrence, useful for 60 s.
    case duration(Duration)
    /// A share of the gap to the next occurrence, in hundredths of a percent: 2 500 is a quarter. At most 7 d; of 7 d
    /// if no occurrence follows.
    case share(Int)

    /// The longest window, and the longest usefulness of a trigger without a margin: 7 d.
    package static let maximum: Duration = .seconds(604_800)
    /// Every trigger is useful for at least this long: 60 s.
    package static let leastUsefulness: Duration = .seconds(60)
}
