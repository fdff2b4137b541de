import Model

/// A run as one number: an FNV-1a hash (Fowler, Noll, Vo) over all events. Runs with the same seed have the same trace.
struct Trace {
    private(set) var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    private(set) var events = 0

    mutating func fold(_ word: UInt64) {
        hash = (hash ^ word) &* 0x0000_0100_0000_01B3
        hash ^= hash >> 32
    }

    mutating func note(_ what: Note, _ time: Timestamp, _ first: UInt64 = 0, _ second: UInt64 = 0) {
        events += 1
        fold(UInt64(what.rawValue))
        fold(UInt64(bitPattern: time.microseconds))
        fold(first)
        fold(second)
    }

    enum Note: UInt8 {
        case step, crash, pause, committed, sent, received, called, answered, settled, recorded, repaired, changed,
            fault
        case inserted, ended, dropped
    }
}
