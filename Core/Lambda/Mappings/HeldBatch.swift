import Model

/// A batch that a mapping has: one that waits for its turn, or one that a function has.
struct HeldBatch: Sendable {
    /// A message and when the queue gives it out again.
    struct Entry: Sendable {
        var message: MappingMessage
        var lapse: Timestamp
    }

    let number: Int
    /// In the order of the queue.
    var entries: [Entry]
    /// Not before this time.
    var start: Timestamp
    /// How often it was not accepted.
    private(set) var rejections = 0

    init(number: Int, entries: [Entry], start: Timestamp) {
        self.number = number
        self.entries = entries
        self.start = start
    }

    var messages: [MappingMessage] { entries.map(\.message) }
    var groups: Set<String> { Set(entries.lazy.map(\.message.groupID)) }
    /// When the last of its messages can be had again.
    var lapse: Timestamp? { entries.map(\.lapse).max() }

    /// Waits before the next try: 1 s, doubling up to a minute.
    mutating func reject(now: Timestamp) {
        start = now + .seconds(min(1 << min(rejections, 6), 60))
        rejections += 1
    }

    mutating func letGoOfLapsed(now: Timestamp) { entries.removeAll { $0.lapse <= now } }
    mutating func letGo(ofGroups groups: Set<String>) { entries.removeAll { groups.contains($0.message.groupID) } }
}
