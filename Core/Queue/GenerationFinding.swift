/// What a reading of the generation counters means, given what the database has recorded (protocols.md, 7 and 7a).
package enum GenerationFinding: Hashable, Sendable {
    /// No monitor has ever raised a counter.
    case new
    /// Nothing is lost; the counter is to be raised.
    case current
    /// These shards have an older counter or none and lost what came since. If the server was restarted, that is all
    /// shards, since any of them may have lost something.
    case wentBack(shards: [Int])

    /// Compares a reading with the database's record.
    ///
    /// - Parameters:
    ///   - counter: the database's counter; 0: none was ever written.
    ///   - run: the run id of the server that the counter was written to.
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
