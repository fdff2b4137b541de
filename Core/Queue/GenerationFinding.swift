/// What a reading means beside what the database knows.
package enum GenerationFinding: Hashable, Sendable {
    /// No monitor has ever raised a counter.
    case new
    /// All is as it was; the counter is to be raised.
    case current
    /// These shards have lost something, or may have: their server was started anew.
    case wentBack(shards: [Int])

    /// - Parameters:
    ///   - counter: the database's; 0: none was ever written.
    ///   - run: the server's life when that was written.
    package init(_ reading: GenerationReading, counter: Int, run: String?) {
        if counter == 0 {
            self = .new
        } else if run != reading.run {
            self = .wentBack(shards: Array(reading.counters.indices))
        } else {
            let behind = reading.counters.indices.filter { reading.counters[$0] ?? -1 < counter }
            self = behind.isEmpty ? .current : .wentBack(shards: behind)
        }
    }
}
