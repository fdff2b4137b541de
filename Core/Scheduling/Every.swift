package import Model

/// Occurrences at anchor + n · period for every whole n, before the anchor too: elapsed time, so that 24 h are 24 h
/// even when the clocks change.
package struct Every: Hashable, Sendable {
    /// In milliseconds.
    package let period: Int64
    /// In milliseconds since the epoch.
    package let anchor: Int64

    /// What a period may be: 1 s to 10 years of 365.25 days.
    package static let periods: ClosedRange<Duration> = .seconds(1)...(.seconds(315_576_000))

    /// Both are rounded to whole milliseconds, towards the past; traps unless the period is positive then.
    package init(period: Duration, anchor: Timestamp) {
        self.init(milliseconds: period.milliseconds, anchor: anchor.milliseconds)
    }

    init(milliseconds period: Int64, anchor: Int64) {
        precondition(period > 0, "a period of \(period) ms")
        self.period = period
        self.anchor = anchor
    }

    /// The first occurrence at or after that time.
    package func next(atOrAfter time: Timestamp) -> Timestamp {
        let milliseconds = -floorDivide(-time.microseconds, 1_000)
        return Timestamp(milliseconds: anchor - floorDivide(anchor - milliseconds, period) * period)
    }

    /// The last occurrence before that time.
    package func last(before time: Timestamp) -> Timestamp {
        Timestamp(milliseconds: next(atOrAfter: time).milliseconds - period)
    }

    /// The number of occurrences from one to another, both included; both must be occurrences of this entry.
    package func count(from first: Timestamp, through last: Timestamp) -> Int {
        Int((last.milliseconds - first.milliseconds) / period) + 1
    }

    /// Whether that time is an occurrence.
    package func contains(_ time: Timestamp) -> Bool { next(atOrAfter: time) == time }
}
