/// How far the generation of Redis was raised, as the database knows it.
package struct RecordedGeneration: Hashable, Sendable {
    package var counter: Int
    package var run: String?

    package init(counter: Int = 0, run: String? = nil) {
        self.counter = counter
        self.run = run
    }
}
