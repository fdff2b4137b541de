/// The number of a shard's triggers planned for each second, and the changes of these numbers since the histogram was
/// created or last settled.
package struct LoadHistogram: Sendable {
    /// A change of one second's count.
    package struct Change: Hashable, Sendable {
        /// Since the epoch.
        package var second: Int64
        /// By how much; never zero.
        package var count: Int
    }

    /// Seconds in blocks of 1,024, so that a lone trigger far ahead costs one block.
    private var blocks: [Int64: [Int32]] = [:]
    private var deltas: [Int64: Int] = [:]

    /// A histogram without triggers.
    package init() {}

    /// Starts with counts read from the store, which are no changes.
    package init(_ counts: some Sequence<(second: Int64, count: Int)>) {
        for (second, count) in counts { store(count, at: second) }
    }

    /// How many triggers are planned for that second since the epoch.
    package subscript(second: Int64) -> Int {
        Int(blocks[second >> LoadHistogram.shift]?[Int(second & LoadHistogram.mask)] ?? 0)
    }

    /// Plans `count` more triggers for that second; a negative count removes some, down to none.
    package mutating func add(_ second: Int64, _ count: Int = 1) {
        let count = max(count, -self[second])
        guard count != 0 else { return }
        store(count, at: second)
        deltas[second, default: 0] += count
    }

    /// All seconds with a trigger, in no order.
    package var counts: [(second: Int64, count: Int)] {
        var counts: [(second: Int64, count: Int)] = []
        forEach(from: .min, through: .max) { counts.append(($0, $1)) }
        return counts
    }

    /// What was added since creation or the last `settle`, by second: for the store.
    package var changes: [Change] {
        deltas.lazy.filter { $0.value != 0 }.map { Change(second: $0.key, count: $0.value) }
            .sorted { $0.second < $1.second }
    }

    /// Marks all changes as stored, and drops the blocks that end before `second`, so that a histogram that is kept for
    /// days does not grow. Earlier seconds in the same block as `second` stay.
    package mutating func settle(before second: Int64) {
        deltas = [:]
        let first = second >> LoadHistogram.shift
        guard blocks.keys.contains(where: { $0 < first }) else { return }
        blocks = blocks.filter { $0.key >= first }
    }

    /// Calls `body` for every second from `first` to `last` that has a trigger, in no order.
    func forEach(from first: Int64, through last: Int64, _ body: (Int64, Int) -> Void) {
        for (key, block) in blocks {
            let start = key << LoadHistogram.shift
            guard start <= last, start &+ LoadHistogram.mask >= first else { continue }
            for (index, count) in block.enumerated() where count != 0 {
                let second = start + Int64(index)
                if first <= second, second <= last { body(second, Int(count)) }
            }
        }
    }

    private mutating func store(_ count: Int, at second: Int64) {
        let empty = Array(repeating: Int32(0), count: 1 << LoadHistogram.shift)
        blocks[second >> LoadHistogram.shift, default: empty][Int(second & LoadHistogram.mask)] += Int32(count)
    }

    private static let shift: Int64 = 10
    private static let mask: Int64 = 1_023
}
