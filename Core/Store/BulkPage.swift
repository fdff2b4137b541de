package import Model

package struct BulkPage: Sendable {
    package var names: [String]
    /// Triggers to be cancelled in the queue.
    package var cancelled: [Identifier]

    package init(names: [String] = [], cancelled: [Identifier] = []) {
        self.names = names
        self.cancelled = cancelled
    }
}
