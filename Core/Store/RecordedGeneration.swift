/// The generation of Redis as the database has recorded it (protocols.md, 7a).
package struct RecordedGeneration: Hashable, Sendable {
    /// The counter that Redis should have; 0: none was ever written.
    package var counter: Int
    /// The run id of the server that it was written to.
    package var run: String?

    /// A generation before the first write, unless given.
    package init(counter: Int = 0, run: String? = nil) {
        self.counter = counter
        self.run = run
    }
}
