package import Model

/// Occurrences at anchor + n · period for every whole n, also before the anchor: elapsed time, so that 24 h are 24 h also
/// when the clocks change.
package struct Every: Hashable, Sendable {
    /// In milliseconds.
    package let period: Int64
    /// In milliseconds since the epoch.
    package let anchor: Int64

    /// A period of 1 s to 10 years of 365.25 days.
    package static let periods: ClosedRange<Duration> = .seconds(1)...(.seconds(315_576_000))

    /// The period must be positive; both are rounded to whole milliseconds, towards the past.
    package init(period: Duration, anchor: Timestamp) {
        self.init(milliseconds: period.milliseconds, anchor: anchor.milliseconds)
    }

    init(milliseconds period: Int64, anchor: Int64) {
        precondition(period > 0, "a period of \(period) ms")
        self.period = period
        self.anchor = anchor
    }

    /// The first occurrence that is not before that time.
    package func next(atOrAfter time: Timestamp) -> Timestamp {
        let milliseconds = -floorDivide(-time.microseconds, 1_000)
        return Timestamp(milliseconds: anchor - floorDivide(anchor - milliseconds, period) * period)
    }

    /// The last occurrence before that time.
    package func last(before time: Timestamp) -> Timestamp {
        Timestamp(milliseconds: next(atOrAfter: time).milliseconds - period)
    }

    /// How many occurrences lie in that range of occurrences of this entry.
    package func count(from first: Timestamp, through last: Timestamp) -> Int {
        Int((last.milliseconds - first.milliseconds) / period) + 1
    }

    package func contains(_ time: Timestamp) -> Bool { next(atOrAfter: time) == time }
}
