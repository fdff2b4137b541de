import Model

/// Lengths in microseconds; a gap of nil means that no occurrence follows.
extension Margin {
    /// The length of the window in which a trigger may be placed.
    func window(gap: Int64?) -> Int64 {
        switch self {
        case .omitted: 0
        case .duration(let length): length.microseconds
        case .share(let share): Margin.share(share, of: gap)
        }
    }

    /// How long after its occurrence a trigger may still start.
    func usefulness(gap: Int64?, isAt: Bool) -> Int64 {
        switch self {
        case .omitted where isAt || gap == nil: Margin.longest
        case .omitted: max(Margin.share(2_500, of: gap), Margin.leastUsefulness.microseconds)
        default: max(window(gap: gap), Margin.leastUsefulness.microseconds)
        }
    }

    private static let longest = maximum.microseconds

    /// A share in hundredths of a percent, rounded down to whole milliseconds, at most 7 d.
    private static func share(_ share: Int, of gap: Int64?) -> Int64 {
        guard let gap else { return longest / 10_000 * Int64(share) }
        return min(gap / 10_000_000 * Int64(share) + gap % 10_000_000 * Int64(share) / 10_000_000, longest / 1_000)
            * 1_000
    }
}
