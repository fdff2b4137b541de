/// A priority queue that returns its least element first: insertion and removal in O(log n), in one array.
package struct Heap<Element: Comparable> {
    @usableFromInline var elements: [Element] = []

    /// An empty heap.
    @inlinable package init() {}

    /// The least element; nil if empty.
    @inlinable package var first: Element? { elements.first }
    @inlinable package var count: Int { elements.count }
    @inlinable package var isEmpty: Bool { elements.isEmpty }
    /// All elements, in no meaningful order.
    @inlinable package var unordered: [Element] { elements }

    /// Adds an element, in O(log n).
    @inlinable package mutating func insert(_ element: Element) {
        elements.append(element)
        var child = elements.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard element < elements[parent] else { break }
            elements[child] = elements[parent]
            child = parent
        }
        elements[child] = element
    }

    /// Removes and returns the least element, in O(log n); nil if empty.
    @inlinable package mutating func popFirst() -> Element? {
        guard let last = elements.popLast() else { return nil }
        if elements.isEmpty { return last }
        let first = elements[0]
        var parent = 0
        while true {
            var child = 2 * parent + 1
            guard child < elements.count else { break }
            if child + 1 < elements.count, elements[child + 1] < elements[child] { child += 1 }
            guard elements[child] < last else { break }
            elements[parent] = elements[child]
            parent = child
        }
        elements[parent] = last
        return first
    }
}

extension Heap: Sendable where Element: Sendable {}
