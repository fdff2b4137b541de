/// How many calls a worker may have in flight for now.
///
/// Keeps a burst from opening all its connections within the same milliseconds, in which nothing else would be served:
/// the window begins with `first` calls and opens by `step` whenever the worker finds it full (decision 0011).
package struct CallWindow: Sendable {
    /// The size that a window begins with, and does not fall below again.
    package static let first = 256
    /// How much it opens at a time.
    package static let step = 32

    /// The largest size that it reaches.
    package let limit: Int
    /// How many calls it allows now.
    package private(set) var size: Int

    /// A window of its first size, or of the limit if that is smaller.
    package init(limit: Int) {
        precondition(limit > 0, "a window of at least one call")
        self.limit = limit
        size = min(limit, CallWindow.first)
    }

    /// Whether it has reached its limit.
    package var isWide: Bool { size == limit }

    /// Opens by one step, up to the limit.
    package mutating func widen() { size = min(limit, size + CallWindow.step) }

    /// Halves the window, but not below its first size, if less than a quarter of it is used.
    package mutating func narrow(inFlight: Int) {
        if inFlight < size / 4 { size = min(size, max(size / 2, CallWindow.first)) }
    }
}
