internal import Queue

/// What a shard stores of a message beside its body: `receives|attempts|epoch|generation|cost|sent ms|tenant`
/// (`items` in `prelude.lua`).
struct QueueItem {
    var receives: Int
    var attempts: Int
    /// Of the lease, as digits.
    var epoch: String
    var generation: Int
    var tenant: String

    /// The beginning of a new message's item; the queue appends the time of the send and the tenant.
    static func head(of message: OutgoingMessage) -> String {
        if message.cost == 1, message.attempts == 0, message.generation == 0 { return "0|0|0|0|1|" }
        let cost = message.cost == 1 ? "1" : "\(message.cost)"
        return "0|\(message.attempts)|0|\(message.generation)|\(cost)|"
    }

    /// Nil: the bytes are no item.
    init?(_ bytes: [UInt8]) {
        var rest = bytes[...]
        guard let receives = QueueItem.number(&rest), let attempts = QueueItem.number(&rest),
            let epoch = QueueItem.field(&rest), let generation = QueueItem.number(&rest),
            QueueItem.field(&rest) != nil, QueueItem.field(&rest) != nil
        else { return nil }
        self.receives = receives
        self.attempts = attempts
        self.epoch = String(decoding: epoch, as: UTF8.self)
        self.generation = generation
        // The last field may contain the separator.
        tenant = String(decoding: rest, as: UTF8.self)
    }

    private static func field(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard let end = rest.firstIndex(of: UInt8(ascii: "|")) else { return nil }
        defer { rest = rest[(end + 1)...] }
        return rest[..<end]
    }

    /// A field of digits.
    private static func number(_ rest: inout ArraySlice<UInt8>) -> Int? {
        guard let digits = field(&rest), (1...18).contains(digits.count) else { return nil }
        var number = 0
        for digit in digits {
            guard (48...57).contains(digit) else { return nil }
            number = number * 10 + Int(digit - 48)
        }
        return number
    }
}
