/// The load of a range of seconds, in which the least loaded second of any window is found in O(log n): a segment tree
/// of minima.
struct LeastLoadedSeconds {
    private let first: Int64
    /// A power of two, at least the number of seconds.
    private let size: Int
    /// Node n has the children 2n and 2n + 1; leaf i is node size + i.
    private var minima: [Int32]

    init(_ seconds: ClosedRange<Int64>, load: LoadHistogram) {
        let count = Int(seconds.upperBound - seconds.lowerBound) + 1
        var size = 1
        while size < count { size *= 2 }
        first = seconds.lowerBound
        self.size = size
        var minima = [Int32](repeating: 0, count: 2 * size)
        for index in size + count..<2 * size { minima[index] = .max }
        load.forEach(from: seconds.lowerBound, through: seconds.upperBound) { second, count in
            minima[size + Int(second - seconds.lowerBound)] = Int32(count)
        }
        for node in stride(from: size - 1, to: 0, by: -1) { minima[node] = min(minima[2 * node], minima[2 * node + 1]) }
        self.minima = minima
    }

    /// Adds one to the least loaded second of a window and returns it; of equally loaded ones, the first from
    /// `preferred` on, wrapping at the window's end.
    mutating func take(from start: Int64, through end: Int64, preferred: Int64) -> Int64 {
        let (low, high) = (Int(start - first), Int(end - first))
        let least = minimum(from: low, through: high)
        var found = firstIndex(from: Int(preferred - first), atMost: least)
        if found > high { found = firstIndex(from: low, atMost: least) }
        add(1, to: first + Int64(found))
        return first + Int64(found)
    }

    /// The load of a second.
    subscript(second: Int64) -> Int { Int(minima[Int(second - first) + size]) }

    /// The first second of a window whose load is at most `limit`; nil if there is none.
    func first(from start: Int64, through end: Int64, atMost limit: Int) -> Int64? {
        guard start <= end else { return nil }
        let found = first + Int64(firstIndex(from: Int(start - first), atMost: Int32(limit)))
        return found <= end ? found : nil
    }

    mutating func add(_ count: Int32, to second: Int64) {
        var node = Int(second - first) + size
        minima[node] += count
        while node > 1 {
            node /= 2
            let minimum = min(minima[2 * node], minima[2 * node + 1])
            if minima[node] == minimum { break }
            minima[node] = minimum
        }
    }

    private func minimum(from low: Int, through high: Int) -> Int32 {
        var (left, right) = (low + size, high + size + 1)
        var least = Int32.max
        while left < right {
            if left & 1 == 1 {
                least = min(least, minima[left])
                left += 1
            }
            if right & 1 == 1 {
                right -= 1
                least = min(least, minima[right])
            }
            left /= 2
            right /= 2
        }
        return least
    }

    /// The first index from `start` on whose load is at most `limit`; `size` if there is none.
    private func firstIndex(from start: Int, atMost limit: Int32) -> Int {
        var node = start + size
        repeat {
            while node & 1 == 0 { node /= 2 }
            if minima[node] <= limit {
                while node < size {
                    node *= 2
                    if minima[node] > limit { node += 1 }
                }
                return node - size
            }
            node += 1
        } while node & -node != node
        return size
    }
}
