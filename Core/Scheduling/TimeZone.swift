package import Model

/// The offsets from UTC of one place, for all times.
///
/// What a TZif file's rule for the future says is written out once, for 400 years: the Gregorian calendar repeats itself after
/// them, weekdays included, so that later times are looked up 400 years earlier.
package final class TimeZone: Sendable {
    /// A stretch of time with one offset, between two changes of the clocks.
    struct Segment: Hashable, Sendable {
        /// The first second of it; `Int64.min` where nothing is before.
        var start: Int64
        /// The first second after it; `Int64.max` where nothing is after.
        var end: Int64
        /// Seconds east of UTC.
        var offset: Int64
        /// The offset before `start`; `offset` itself where nothing is before.
        var previousOffset: Int64
        /// The offset from `end` on; `offset` itself where nothing is after.
        var nextOffset: Int64
    }

    /// When the offset changes, in seconds; ascending.
    private let changes: [Int64]
    /// One more than `changes`: the first is that before all of them.
    private let offsets: [Int32]
    /// From this second on, times are looked up earlier; nil where the last offset stays.
    private let foldsFrom: Int64?

    package static let utc = TimeZone(changes: [], offsets: [0], foldsFrom: nil)

    /// Changes without a difference are left out.
    init(changes: [Int64], offsets: [Int32], foldsFrom: Int64?) {
        precondition(offsets.count == changes.count + 1, "\(offsets.count) offsets for \(changes.count) changes")
        var keptChanges: [Int64] = []
        var keptOffsets = [offsets[0]]
        for (change, offset) in zip(changes, offsets.dropFirst()) where offset != keptOffsets.last {
            keptChanges.append(change)
            keptOffsets.append(offset)
        }
        self.changes = keptChanges
        self.offsets = keptOffsets
        self.foldsFrom = foldsFrom
    }

    /// Seconds east of UTC.
    package func offset(at time: Timestamp) -> Int { Int(segment(at: time.seconds).offset) }

    /// The stretch around a second since the epoch.
    func segment(at second: Int64) -> Segment {
        guard let foldsFrom, second >= foldsFrom else { return tableSegment(at: second) }
        let shift = ((second - foldsFrom) / TimeZone.cycle + 1) * TimeZone.cycle
        var segment = tableSegment(at: second - shift)
        segment.start += shift
        segment.end += shift
        return segment
    }

    /// 400 Gregorian years, in seconds.
    static let cycle: Int64 = 146_097 * 86_400

    private func tableSegment(at second: Int64) -> Segment {
        var low = 0
        var high = changes.count
        while low < high {
            let middle = (low + high) / 2
            if changes[middle] <= second { low = middle + 1 } else { high = middle }
        }
        return Segment(
            start: low > 0 ? changes[low - 1] : .min, end: low < changes.count ? changes[low] : .max,
            offset: Int64(offsets[low]), previousOffset: Int64(offsets[max(low - 1, 0)]),
            nextOffset: Int64(offsets[min(low + 1, changes.count)]))
    }
}
