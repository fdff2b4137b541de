import Model
import Yams

/// Queues with the behaviour of Amazon SQS.
extension TopologyReader {
    mutating func readSQSQueue(_ name: String, _ fields: inout TopologyFields) -> SQSQueueSpecification {
        var queue = SQSQueueSpecification(name: name)
        func seconds(_ key: String, _ range: ClosedRange<Int>) -> Int? {
            fields.duration(key, in: .seconds(range.lowerBound) ... .seconds(range.upperBound)).map { duration in
                if duration.microseconds % 1_000_000 != 0 { fields.fail(key, "SQS knows whole seconds only") }
                return Int(duration.microseconds / 1_000_000)
            }
        }
        queue.visibility = seconds("visibility", 0...43_200) ?? queue.visibility
        queue.delay = seconds("delay", 0...900) ?? queue.delay
        queue.retention = seconds("retention", 60...1_209_600) ?? queue.retention
        if let maxReceives = fields.integer("maxReceives", in: 1...1_000) {
            queue.maxReceives = maxReceives
            if !fields.has("deadLetter") {
                fields.fail("maxReceives", "needs `deadLetter`: where the messages go then")
            }
        }
        queue.deadLetter = fields.optional("deadLetter", "a queue's name: \(TopologyReader.sqsNameRule)") { node in
            node.scalar.flatMap { TopologyReader.isSQSName($0.string) ? $0.string : nil }
        }
        for key in ["contentDedup", "dedupScope"] where fields.has(key) && !queue.isFIFO {
            fields.fail(key, "is of FIFO queues, whose names end with .fifo")
        }
        queue.deduplicatesByContent = fields.optional("contentDedup", "true or false") { $0.bool } ?? false
        let scope = fields.optional("dedupScope", "queue or group") { node in
            node.scalar.flatMap { ["queue", "group"].contains($0.string) ? $0.string : nil }
        }
        queue.deduplicatesByGroup = scope == "group"
        return queue
    }

    /// The queues that Headgate's own functions work on.
    static let ownQueues: Set = ["triggers", "outcomes", "steps"]

    /// One of Headgate's own queues, kept in SQS; nil: it cannot be.
    func readOwnSQSQueue(_ name: String, _ fields: inout TopologyFields) -> QueueSpecification? {
        var queue = QueueSpecification(name: name)
        queue.isSQS = true
        let visibility = fields.duration("visibility", in: .seconds(1) ... .seconds(43_200))
        if let visibility {
            if visibility.microseconds % 1_000_000 != 0 { fields.fail("visibility", "SQS knows whole seconds only") }
            queue.visibility = visibility
        }
        if let maxReceives = fields.integer("maxReceives", in: 1...1_000) { queue.maxReceives = maxReceives }
        let fixed = [
            "deadLetter": "\(name)-dead and \(name)-lapsed are made for it", "delay": "each message has its own",
            "retention": "it is the longest, 14 days", "shards": "SQS has none",
        ]
        for (key, reason) in fixed.sorted(by: { $0.key < $1.key }) where fields.has(key) {
            _ = fields.node(key)
            fields.fail(key, "is not a key of Headgate's own queues in SQS: \(reason)")
        }
        guard name != "steps" else {
            fields.fail("kind", "the hints of flows are joined in Redis, which SQS cannot do: leave out `kind`")
            return nil
        }
        return queue
    }

    /// Triggers and outcomes are settled into each other: both are in SQS, or both in Redis.
    func checkOwnSQSQueues(_ queues: [QueueSpecification], _ fields: inout TopologyFields) {
        let own = queues.filter { $0.name == "triggers" || $0.name == "outcomes" }
        guard let inSQS = own.first(where: \.isSQS) else { return }
        let other = inSQS.name == "triggers" ? "outcomes" : "triggers"
        if own.first(where: { $0.name == other })?.isSQS != true {
            fields.fail(
                inSQS.name, "is of kind sqs, so that \(other) must be of it, too: one is settled into the other")
        }
    }

    /// What cannot be said of one queue alone.
    func checkDeadLetters(_ queues: [SQSQueueSpecification], _ fields: inout TopologyFields) {
        let targets = Dictionary(
            queues.compactMap { queue in queue.deadLetter.map { (queue.name, $0) } }, uniquingKeysWith: { $1 })
        for queue in queues {
            guard let target = queue.deadLetter else { continue }
            if target.hasSuffix(".fifo") != queue.isFIFO {
                fields.fail(
                    queue.name,
                    "its dead-letter queue \(target) is of the other kind: "
                        + "a FIFO queue needs a FIFO queue, a standard queue a standard one")
            }
            var seen: Set = [queue.name]
            var next: String? = target
            while let name = next {
                if !seen.insert(name).inserted {
                    if name == queue.name {
                        fields.fail(queue.name, "is its own dead-letter queue, by way of \(target): end the circle")
                    }
                    break
                }
                next = targets[name]
            }
        }
    }

    static let sqsNameRule = "1 to 80 letters, digits, - and _, with .fifo at the end for a FIFO queue"

    static func isSQSName(_ text: String) -> Bool {
        let stem = text.hasSuffix(".fifo") ? text.dropLast(5) : text[...]
        guard !stem.isEmpty, text.utf8.count <= 80 else { return false }
        return stem.utf8.allSatisfy {
            (97...122).contains($0) || (65...90).contains($0) || (48...57).contains($0) || $0 == 45 || $0 == 95
        }
    }
}
