/// Lowers the peak of triggers that are already placed.
///
/// A trigger placed early ignores those placed after it, whose windows may be narrower. Here a trigger moves out of a
/// full second into one with room, or into one from which another can move on, and so forth: a chain that takes one
/// trigger from its first second and adds one to its last. When no chain is left the placement is an optimal
/// semi-matching (Harvey, Ladner, Lovász, Tamir: "Semi-matchings for bipartite graphs and load balancing", 2006). As
/// windows are intervals, the seconds that a chain can reach are an interval too.
struct LoadLevelling {
    /// The second of each trigger, in the order of `place` calls.
    private(set) var places: [Int64] = []
    private var windows: [ClosedRange<Int64>] = []
    /// The first trigger in each second, by index; -1 for none.
    private var heads: [Int32]
    /// The next trigger in the same second; -1 for none.
    private var links: [Int32] = []
    /// One bit per second: whether it has a trigger.
    private var occupied: [UInt64]
    private let first: Int64
    /// Seconds from which no chain leads to a better one.
    private var settled: Set<Int64> = []
    /// Steps that may still be taken, so that a pass stays short.
    private var budget = 0

    init(_ seconds: ClosedRange<Int64>) {
        first = seconds.lowerBound
        let count = Int(seconds.upperBound - first) + 1
        heads = [Int32](repeating: -1, count: count)
        occupied = [UInt64](repeating: 0, count: count / 64 + 1)
    }

    /// Adds a trigger whose load is already counted.
    mutating func place(in second: Int64, window: ClosedRange<Int64>) {
        places.append(second)
        windows.append(window)
        links.append(-1)
        insert(places.count - 1, into: second)
    }

    /// Moves triggers, from the fullest seconds down, until no chain lowers a second by one without filling another as
    /// much.
    mutating func level(_ seconds: inout LeastLoadedSeconds) {
        budget = 1_000 * places.count
        var levels: [[Int64]] = []
        func note(_ second: Int64, _ load: Int) {
            while levels.count <= load { levels.append([]) }
            levels[load].append(second)
        }
        for second in Set(places) { note(second, seconds[second]) }
        levels = levels.map { $0.sorted() }
        // A second with one trigger has none to give away.
        while levels.count > 2, budget > 0 {
            let load = levels.count - 1
            guard let second = levels[load].popLast() else {
                levels.removeLast()
                continue
            }
            guard seconds[second] == load, !settled.contains(second), let target = relieve(second, &seconds) else {
                continue
            }
            note(second, load - 1)
            note(target, seconds[target])
        }
    }

    /// Takes one trigger from a second by a chain of moves. Returns where the chain ends, or nil if there is none.
    private mutating func relieve(_ start: Int64, _ seconds: inout LeastLoadedSeconds) -> Int64? {
        let limit = seconds[start] - 2
        // For each second, the trigger whose move reaches it.
        var reached: [Int64: Int] = [:]
        var queue = [start]
        var next = 0
        var (low, high) = (start, start)
        while next < queue.count {
            let second = queue[next]
            next += 1
            var trigger = Int(heads[Int(second - first)])
            while trigger >= 0 {
                budget -= 1
                let window = windows[trigger]
                for side in [(window.lowerBound, low - 1), (high + 1, window.upperBound)] where side.0 <= side.1 {
                    if let target = seconds.first(from: side.0, through: side.1, atMost: limit) {
                        move(trigger, to: target, back: reached, start)
                        seconds.add(-1, to: start)
                        seconds.add(1, to: target)
                        return target
                    }
                    forEachOccupied(from: side.0, through: side.1) { other in
                        reached[other] = trigger
                        queue.append(other)
                    }
                }
                (low, high) = (min(low, window.lowerBound), max(high, window.upperBound))
                trigger = Int(links[trigger])
            }
        }
        settled.formUnion(queue)
        return nil
    }

    /// Moves a trigger, and into its old second the trigger by which that was reached, back to the start of the chain.
    private mutating func move(_ trigger: Int, to target: Int64, back reached: [Int64: Int], _ start: Int64) {
        var (trigger, target) = (trigger, target)
        while true {
            let source = places[trigger]
            remove(trigger, from: source)
            insert(trigger, into: target)
            guard source != start, let before = reached[source] else { return }
            (trigger, target) = (before, source)
        }
    }

    private mutating func insert(_ trigger: Int, into second: Int64) {
        let index = Int(second - first)
        places[trigger] = second
        links[trigger] = heads[index]
        heads[index] = Int32(trigger)
        occupied[index / 64] |= 1 << UInt64(index % 64)
    }

    private mutating func remove(_ trigger: Int, from second: Int64) {
        let index = Int(second - first)
        if heads[index] == trigger {
            heads[index] = links[trigger]
        } else {
            var before = Int(heads[index])
            while links[before] != trigger { before = Int(links[before]) }
            links[before] = links[trigger]
        }
        if heads[index] < 0 { occupied[index / 64] &= ~(1 << UInt64(index % 64)) }
    }

    private func forEachOccupied(from start: Int64, through end: Int64, _ body: (Int64) -> Void) {
        var index = Int(start - first)
        let last = Int(end - first)
        while index <= last {
            let rest = occupied[index / 64] & UInt64.max << UInt64(index % 64)
            index = index / 64 * 64 + 64
            guard rest != 0 else { continue }
            for bit in rest.setBits where index - 64 + bit <= last { body(first + Int64(index - 64 + bit)) }
        }
    }
}
