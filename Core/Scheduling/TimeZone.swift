package import Model

/// The offsets from UTC of one place, for all times.
///
/// A TZif file's rule for the future is expanded once, for 400 years: after these the Gregorian calendar repeats, days
/// of the week included, so that later times are looked up 400 years earlier.
package final class TimeZone: Sendable {
    /// A stretch of time with one offset, between two changes of the clocks.
    struct Segment: Hashable, Sendable {
        /// Its first second; `Int64.min` if nothing is before.
        var start: Int64
        /// The first second after it; `Int64.max` if nothing is after.
        var end: Int64
        /// Seconds east of UTC.
        var offset: Int64
        /// The offset before `start`; `offset` itself if nothing is before.
        var previousOffset: Int64
        /// The offset from `end` on; `offset` itself if nothing is after.
        var nextOffset: Int64
    }

    /// When the offset changes, in seconds since the epoch; ascending.
    private let changes: [Int64]
    /// One more than `changes`: the first one holds before all of them.
    private let offsets: [Int32]
    /// From this second on, times are looked up a multiple of 400 years earlier; nil if the last offset stays.
    private let foldsFrom: Int64?

    /// Offset zero, without changes.
    package static let utc = TimeZone(changes: [], offsets: [0], foldsFrom: nil)

    /// Drops changes that make no difference.
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

    /// The offset at that time, in seconds east of UTC.
    package func offset(at time: Timestamp) -> Int { Int(segment(at: time.seconds).offset) }

    /// The segment around a second since the epoch.
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
