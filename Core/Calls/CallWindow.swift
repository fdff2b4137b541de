/// How many calls a worker may have in flight at once, for now.
///
/// A burst does not open all its connections in the same milliseconds, in which nobody else would be served: the window begins with
/// `first` calls, and opens by `step` each time the worker finds it full (decision 0011).
package struct CallWindow: Sendable {
    package static let first = 256
    package static let step = 32

    /// The most calls that it ever allows.
    package let limit: Int
    /// How many it allows now.
    package private(set) var size: Int

    package init(limit: Int) {
        precondition(limit > 0, "a window of at least one call")
        self.limit = limit
        size = min(limit, CallWindow.first)
    }

    package var isWide: Bool { size == limit }

    /// Opens by a step, up to the limit.
    package mutating func widen() { size = min(limit, size + CallWindow.step) }

    /// Halves, but not below where it began, when less than a quarter of it is used.
    package mutating func narrow(inFlight: Int) {
        if inFlight < size / 4 { size = min(size, max(size / 2, CallWindow.first)) }
    }
}
