import Model
import SQS
import Testing

/// What every driver of `SQSStore` promises. Rows are those of docs/lambda-and-sqs.md.
@Suite struct StoreConformanceTests {
    // MARK: Queues

    @Test("a queue is made once, and its record comes back", arguments: StoreDriver.allCases)
    func creation(driver: StoreDriver) async throws {
        let test = try await StoreUnderTest(driver)
        let record = try await test.queue("orders", ["VisibilityTimeout": "60"])
        #expect(try await test.store.record(of: record.address) == record)
        #expect(try await test.store.create(test.record("orders")) == .exists(record))
    }

    @Test("row 19: a name is free again 60 s after its queue was deleted", arguments: StoreDriver.allCases)
    func deletion(driver: StoreDriver) async throws {
        let test = try await StoreUnderTest(driver)
        let record = try await test.queue("orders")
        #expect(try await test.store.delete(record.address))
        #expect(try await !test.store.delete(record.address))
        #expect(try await test.store.record(of: record.address) == nil)
        test.advance(.milliseconds(59_999))
        #expect(try await test.store.create(test.record("orders")) == .deletedRecently)
        test.advance(.milliseconds(1))
        #expect(try await test.store.create(test.record("orders")) == .created)
    }

    @Test("operations by an outdated record do nothing", arguments: StoreDriver.allCases)
    func stale(driver: StoreDriver) async throws {
        let test = try await StoreUnderTest(driver)
        let old = try await test.queue("orders")
        var changed = old
        try changed.attributes.set([("DelaySeconds", "5")], isNew: false)
        #expect(try await test.store.replace(changed))
        #expect(try await !test.store.replace(changed), "the revision that it was read at is gone")
        await #expect(throws: SQSStoreError.stale) { try await test.send("a", to: old) }
        let fresh = try #require(try await test.store.record(of: old.address))
        #expect(fresh.settings.delay == 5)
        try await test.send("a", to: fresh)
        _ = try await test.store.delete(old.address)
        await #expect(throws: SQSStoreError.stale) { try await test.receive(from: fresh) }
    }

    @Test("names come in order, by prefix and in pages", arguments: StoreDriver.allCases)
    func names(driver: StoreDriver) async throws {
        let test = try await StoreUnderTest(driver)
        for name in ["b1", "a", "b2", "b3.fifo", "c"] { _ = try await test.queue(name) }
        func list(_ prefix: String, _ after: String?, _ limit: Int) async throws -> [String] {
            try await test.store.names(in: StoreUnderTest.realm, prefix: prefix, after: after, limit: limit)
        }
        #expect(try await list("", nil, 10) == ["a", "b1", "b2", "b3.fifo", "c"])
        #expect(try await list("b", nil, 2) == ["b1", "b2"])
        #expect(try await list("b", "b2", 2) == ["b3.fifo"])
        let other = SQSRealm(account: "111111111111", region: "us-east-1")
        #expect(try await test.store.names(in: other, prefix: "", after: nil, limit: 10) == [])
    }

    @Test("move tasks are replaced only by who read the last ones", arguments: StoreDriver.allCases)
    func moveTasks(driver: StoreDriver) async throws {
        let test = try await StoreUnderTest(driver)
        let address = try test.record("dead").address
        #expect(try await test.store.moveTasks(of: address) == "")
        #expect(try await test.store.replaceMoveTasks(of: address, "", with: "one", isRunning: true))
        #expect(try await !test.store.replaceMoveTasks(of: address, "", with: "two", isRunning: true))
        #expect(try await test.store.moveTasks(of: address) == "one")
        #expect(try await test.store.moveTaskSources() == [address])
        #expect(try await test.store.replaceMoveTasks(of: address, "one", with: "two", isRunning: false))
        #expect(try await test.store.moveTaskSources() == [], "none of them runs")
    }

    // MARK: Standard queues

    @Test("a message comes out as it went in", arguments: StoreDriver.allCases)
    func roundTrip(driver: StoreDriver) async throws {
        let test = try await StoreUnderTest(driver)
        let queue = try await test.queue("orders")
        var delivery = test.delivery("grüße\u{1F600}", group: "g")
        delivery.message.attributes = [
            MessageAttribute(name: "a", type: "String", value: .text("x")),
            MessageAttribute(name: "b", type: "Binary.png", value: .binary([0, 255, 10])),
        ]
        delivery.message.traceHeader = "Root=1-2-3"
        let sent = try await test.store.send([delivery], to: queue)
        test.advance(.seconds(2))
        let message = try #require(try await test.receive(from: queue).first)
        #expect(message.message == delivery.message)
        #expect(sent == [SQSSent(id: delivery.message.id, number: message.number)])
        #expect(message.receives == 1)
        #expect(message.sent == test.now - .seconds(2))
        #expect(message.firstReceived == test.now)
        #expect(message.origin == nil)
    }

    @Test("a message is invisible for its timeout, then comes behind what waits", arguments: StoreDriver.allCases)
    func visibility(driver: StoreDriver) async throws {
        let test = try await StoreUnderTest(driver)
        let queue = try await test.queue("orders")
        try await test.send("a", "b", to: queue)
        let first = try #require(try await test.receive(1, from: queue).first)
        #expect(first.message.body == "a")
        test.advance(.milliseconds(29_999))
        #expect(try await test.counts(queue) == [1, 1, 0])
        test.advance(.milliseconds(1))
        #expect(try await test.counts(queue) == [2, 0, 0])
        let again = try await test.receive(from: queue)
        #expect(again.map(\.message.body) == ["b", "a"])
        #expect(again.map(\.receives) == [1, 2])
        #expect(again[1].firstReceived == test.now - .seconds(30))
    }

    @Test(
        "row 14: the last handle deletes also after its timeout, an older one does not", arguments: StoreDriver.allCases
    )
    func standardDeletion(driver: StoreDriver) async throws {
        let test = try await StoreUnderTest(driver)
        let queue = try await test.queue("orders")
        try await test.send("a", "b", to: queue)
        let (old, lapsed) = try await {
            let list = try await test.receive(from: queue); return (list[0], list[1])
        }()
        test.advance(.seconds(31))
        let new = try #require(try await test.receive(from: queue).first { $0.number == old.number })
        #expect(try await test.delete(old, from: queue) == .outdated)
        #expect(try await test.delete(new, from: queue) == .deleted)
        #expect(try await test.delete(new, from: queue) == .deleted, "it is gone already")
        test.advance(.seconds(31))
        let again = try #require(try await test.receive(from: queue).first)
        #expect(again.number == lapsed.number)
        test.advance(.seconds(31))
        #expect(try await test.delete(again, from: queue) == .deleted)
        #expect(try await test.counts(queue) == [0, 0, 0])
    }

    @Test("row 8, 17: a delayed message counts as delayed until it is due", arguments: StoreDriver.allCases)
    func delay(driver: StoreDriver) async throws {
        let test = try await StoreUnderTest(driver)
        let queue = try await test.queue("orders")
        try await test.send("a", delay: 900, to: queue)
        try await test.send("b", to: queue)
        #expect(try await test.counts(queue) == [1, 0, 1])
        #expect(try await test.bodies(from: queue) == ["b"])
        let received = try await test.store.receive(SQSReceive(visibility: 2_000), from: queue)
        #expect(received.messages.isEmpty && received.nextChange == .seconds(30), "b's timeout ends first")
        test.advance(.seconds(899))
        #expect(try await test.counts(queue) == [1, 0, 1])
        test.advance(.seconds(1))
        #expect(try await test.counts(queue) == [2, 0, 0])
    }

    @Test("row 16: a timeout can be changed up to 12 hours from the receive", arguments: StoreDriver.allCases)
    func changeOfVisibility(driver: StoreDriver) async throws {
        let test = try await StoreUnderTest(driver)
        let queue = try await test.queue("orders")
        try await test.send("a", to: queue)
        let message = try #require(try await test.receive(from: queue).first)
        #expect(try await test.change(message, to: 43_200, in: queue) == .changed)
        test.advance(.seconds(1))
        #expect(try await test.change(message, to: 43_200, in: queue) == .beyondLimit)
        #expect(try await test.change(message, to: 43_199, in: queue) == .changed)
        #expect(try await test.change(message, to: 0, in: queue) == .changed)
        let again = try #require(try await test.receive(visibility: 5, from: queue).first)
        #expect(again.receives == 2)
        #expect(try await test.change(message, to: 10, in: queue) == .unavailable, "it was received again")
        test.advance(.seconds(6))
        #expect(try await test.change(again, to: 10, in: queue) == .changed, "its timeout has ended")
        #expect(try await test.counts(queue) == [0, 1, 0])
        _ = try await test.delete(again, from: queue)
        #expect(try await test.change(again, to: 10, in: queue) == .unavailable, "it is deleted")
    }

    @Test("row 18: a purge removes everything, once in 60 s", arguments: StoreDriver.allCases)
    func purge(driver: StoreDriver) async throws {
        let test = try await StoreUnderTest(driver)
        let queue = try await test.queue("orders")
        try await test.send("a", "b", to: queue)
        try await test.send("c", delay: 5, to: queue)
        _ = try await test.receive(1, from: queue)
        #expect(try await test.counts(queue) == [1, 1, 1])
        #expect(try await test.store.purge(queue))
        #expect(try await test.counts(queue) == [0, 0, 0])
        test.advance(.seconds(59))
        #expect(try await !test.store.purge(queue))
        test.advance(.seconds(1))
        #expect(try await test.store.purge(queue))
    }

    @Test("row 32: retention counts from the send, also in flight and delayed", arguments: StoreDriver.allCases)
    func retention(driver: StoreDriver) async throws {
        let test = try await StoreUnderTest(driver)
        let queue = try await test.queue("orders", ["MessageRetentionPeriod": "60"])
        try await test.send("flying", to: queue)
        _ = try await test.receive(visibility: 600, from: queue)
        try await test.send("delayed", delay: 900, to: queue)
        try await test.send("visible", to: queue)
        test.advance(.milliseconds(59_999))
        #expect(try await test.counts(queue) == [1, 1, 1])
        test.advance(.milliseconds(1))
        #expect(try await test.counts(queue) == [0, 0, 0])
        #expect(try await test.receive(from: queue).isEmpty)
    }

    @Test("row 32: nothing that is too old is received, however much of it there is", arguments: StoreDriver.allCases)
    func retentionOfMany(driver: StoreDriver) async throws {
        let test = try await StoreUnderTest(driver)
        for name in ["orders", "orders.fifo"] {
            let queue = try await test.queue(name, ["MessageRetentionPeriod": "60"])
            for _ in 0..<5 {
                let many = (0..<500).map { test.delivery("old \($0)", group: "g\($0 % 7)") }
                _ = try await test.store.send(many, to: queue)
            }
            test.advance(.seconds(60))
            try await test.send("new", group: "g0", to: queue)
            var bodies: [String] = []
            for _ in 0..<20 where bodies.isEmpty { bodies += try await test.bodies(from: queue) }
            #expect(bodies == ["new"])
            #expect(try await test.counts(queue) == [0, 1, 0])
        }
    }

    @Test(
        "row 31: above the limit in flight a short poll is an error, a long poll finds nothing",
        arguments: StoreDriver.allCases)
    func inFlightLimit(driver: StoreDriver) async throws {
        let test = try await StoreUnderTest(driver)
        for name in ["orders", "orders.fifo"] {
            let queue = try await test.queue(name)
            for group in ["a", "b", "c", "d"] { try await test.send("x", group: group, to: queue) }
            var options = SQSReceive(limit: 10, visibility: 30)
            options.inFlightLimit = 3
            #expect(try await test.store.receive(options, from: queue).messages.count == 3)
            let short = try await test.store.receive(options, from: queue)
            #expect(short.messages.isEmpty && short.isOverLimit == !queue.settings.isFIFO)
            options.waits = true
            let long = try await test.store.receive(options, from: queue)
            #expect(long.messages.isEmpty && !long.isOverLimit)
        }
    }

    @Test("row 28: groups of a standard queue take turns", arguments: StoreDriver.allCases)
    func fairness(driver: StoreDriver) async throws {
        let test = try await StoreUnderTest(driver)
        let queue = try await test.queue("orders")
        for number in 0..<20 { try await test.send("n\(number)", group: "noisy", to: queue) }
        try await test.send("q0", "q1", group: "quiet", to: queue)
        try await test.send("none", to: queue)
        #expect(try await test.bodies(6, from: queue) == ["none", "n0", "q0", "n1", "q1", "n2"])
    }

    @Test("row 28: a group with many messages in flight steps back", arguments: StoreDriver.allCases)
    func steppingBack(driver: StoreDriver) async throws {
        let test = try await StoreUnderTest(driver)
        let queue = try await test.queue("orders")
        for number in 0..<50 { try await test.send("n\(number)", group: "noisy", to: queue) }
        for _ in 0..<3 { _ = try await test.receive(10, visibility: 600, from: queue) }
        try await test.send("q0", "q1", "q2", group: "quiet", to: queue)
        #expect(try await test.bodies(5, from: queue) == ["q0", "q1", "q2", "n30", "n31"])
    }

    @Test("what a poll received and could not deliver is given back uncounted", arguments: StoreDriver.allCases)
    func givingBack(driver: StoreDriver) async throws {
        let test = try await StoreUnderTest(driver)
        for name in ["orders", "orders.fifo"] {
            let queue = try await test.queue(name)
            try await test.send("a", "b", group: "g", to: queue)
            let lost = try await test.receive(1, from: queue)
            try await test.store.giveBack(lost.map { $0.handle(in: queue) }, to: queue)
            #expect(try await test.counts(queue) == [2, 0, 0])
            let again = try await test.receive(from: queue)
            #expect(again.map(\.message.body) == ["a", "b"])
            #expect(again.map(\.receives) == [1, 1])
        }
    }

    @Test("a handle with a made-up group does nothing", arguments: StoreDriver.allCases)
    func madeUpHandles(driver: StoreDriver) async throws {
        let test = try await StoreUnderTest(driver)
        for name in ["orders", "orders.fifo"] {
            let queue = try await test.queue(name)
            try await test.send("a", group: "g", to: queue)
            let message = try #require(try await test.receive(from: queue).first)
            var handle = message.handle(in: queue)
            handle.groupID = "other"
            _ = try await test.store.delete([handle], from: queue)
            _ = try await test.store.changeVisibility([(handle, 0)], in: queue)
            try await test.store.giveBack([handle], to: queue)
            #expect(try await test.counts(queue) == [0, 1, 0])
            #expect(try await test.delete(message, from: queue) == .deleted)
            #expect(try await test.counts(queue) == [0, 0, 0])
        }
    }

    // MARK: FIFO

    @Test("row 22: a group yields the longest visible run from its head", arguments: StoreDriver.allCases)
    func runs(driver: StoreDriver) async throws {
        let test = try await StoreUnderTest(driver)
        let queue = try await test.queue("orders.fifo")
        try await test.send("1", "2", "3", "4", group: "g", to: queue)
        let three = try await test.receive(3, from: queue)
        #expect(three.map(\.message.body) == ["1", "2", "3"])
        #expect(try await test.bodies(from: queue) == [], "the head is in flight")
        #expect(try await test.change(three[1], to: 60, in: queue) == .changed)
        test.advance(.seconds(30))
        let head = try await test.receive(visibility: 100, from: queue)
        #expect(head.map(\.message.body) == ["1"], "the second is in flight")
        test.advance(.seconds(30))
        #expect(try await test.bodies(from: queue) == [], "the head is in flight for longer")
        #expect(try await test.delete(head[0], from: queue) == .deleted)
        #expect(try await test.bodies(from: queue) == ["2", "3", "4"])
    }

    @Test("row 22: groups do not hold each other, and one is emptied before the next", arguments: StoreDriver.allCases)
    func groups(driver: StoreDriver) async throws {
        let test = try await StoreUnderTest(driver)
        let queue = try await test.queue("orders.fifo")
        try await test.send("a1", group: "a", to: queue)
        try await test.send("b1", group: "b", to: queue)
        try await test.send("a2", "a3", group: "a", to: queue)
        #expect(try await test.bodies(2, from: queue) == ["a1", "a2"])
        #expect(try await test.bodies(from: queue) == ["b1"])
    }

    @Test("row 17: the rest of a held group counts as visible", arguments: StoreDriver.allCases)
    func fifoCounts(driver: StoreDriver) async throws {
        let test = try await StoreUnderTest(driver)
        let queue = try await test.queue("orders.fifo")
        for group in ["a", "b", "c"] { try await test.send("1", "2", group: group, to: queue) }
        _ = try await test.receive(2, from: queue)
        #expect(try await test.counts(queue) == [4, 2, 0])
    }

    @Test("row 23: a group goes on when all its messages in flight are deleted", arguments: StoreDriver.allCases)
    func groupAfterDelete(driver: StoreDriver) async throws {
        let test = try await StoreUnderTest(driver)
        let queue = try await test.queue("orders.fifo")
        try await test.send("1", "2", "3", group: "g", to: queue)
        let two = try await test.receive(2, from: queue)
        _ = try await test.delete(two[1], from: queue)
        #expect(try await test.bodies(from: queue) == [])
        _ = try await test.delete(two[0], from: queue)
        let last = try await test.receive(from: queue)
        #expect(last.map(\.message.body) == ["3"])
        _ = try await test.delete(last[0], from: queue)
        try await test.send("4", group: "g", to: queue)
        #expect(try await test.bodies(from: queue) == ["4"], "an emptied group fills again")
    }

    @Test("row 15: a handle of a FIFO queue ends with its timeout", arguments: StoreDriver.allCases)
    func fifoDeletion(driver: StoreDriver) async throws {
        let test = try await StoreUnderTest(driver)
        let queue = try await test.queue("orders.fifo")
        try await test.send("1", "2", group: "g", to: queue)
        let two = try await test.receive(from: queue)
        _ = try await test.change(two[0], to: 60, in: queue)
        test.advance(.seconds(31))
        #expect(try await test.delete(two[1], from: queue) == .expired)
        #expect(try await test.change(two[1], to: 5, in: queue) == .unavailable)
        #expect(try await test.delete(two[0], from: queue) == .deleted, "its timeout was prolonged")
        #expect(try await test.delete(two[0], from: queue) == .deleted, "it is gone already")
    }

    @Test(
        "row 24: a repetition within 5 minutes is the first message, also after its deletion",
        arguments: StoreDriver.allCases)
    func deduplication(driver: StoreDriver) async throws {
        let test = try await StoreUnderTest(driver)
        let queue = try await test.queue("orders.fifo")
        func send(_ body: String, _ id: String, _ group: String) async throws -> SQSSent? {
            try await test.store.send([test.delivery(body, group: group, deduplication: id)], to: queue).first
        }
        let first = try await send("a", "1", "g")
        #expect(try await send("b", "1", "h") == first, "in another group, too")
        let message = try #require(try await test.receive(from: queue).first)
        _ = try await test.delete(message, from: queue)
        test.advance(.milliseconds(299_999))
        #expect(try await send("c", "1", "g") == first)
        #expect(try await test.counts(queue) == [0, 0, 0])
        test.advance(.milliseconds(1))
        #expect(try await send("d", "1", "g") != first)
        #expect(try await test.bodies(from: queue) == ["d"])
    }

    @Test("row 24: with the scope messageGroup an id is known in its group only", arguments: StoreDriver.allCases)
    func deduplicationByGroup(driver: StoreDriver) async throws {
        let test = try await StoreUnderTest(driver)
        let queue = try await test.queue("orders.fifo", ["DeduplicationScope": "messageGroup"])
        let deliveries = ["g", "h", "g"].map { test.delivery($0, group: $0, deduplication: "1") }
        let sent = try await test.store.send(deliveries, to: queue)
        #expect(sent[0] == sent[2] && sent[0] != sent[1])
        #expect(try await test.bodies(from: queue) == ["g", "h"])
    }

    @Test("row 26: numbers grow within the queue", arguments: StoreDriver.allCases)
    func numbers(driver: StoreDriver) async throws {
        let test = try await StoreUnderTest(driver)
        let queue = try await test.queue("orders.fifo")
        var numbers = try await test.send("1", "2", group: "g", to: queue).map(\.number)
        numbers += try await test.send("3", group: "h", to: queue).map(\.number)
        #expect(numbers == numbers.sorted() && Set(numbers).count == 3)
    }

    @Test("row 27: the same attempt id gives the same messages again", arguments: StoreDriver.allCases)
    func attempts(driver: StoreDriver) async throws {
        let test = try await StoreUnderTest(driver)
        let queue = try await test.queue("orders.fifo")
        try await test.send("1", "2", group: "g", to: queue)
        try await test.send("3", group: "h", to: queue)
        let first = try await test.receive(2, attempt: "try", from: queue)
        test.advance(.seconds(20))
        #expect(try await test.receive(2, attempt: "try", from: queue) == first)
        test.advance(.seconds(20))
        #expect(try await test.counts(queue) == [1, 2, 0], "the repetition began a new timeout")
        #expect(try await test.receive(2, attempt: "another", from: queue).map(\.message.body) == ["3"])
        _ = try await test.change(first[0], to: 60, in: queue)
        #expect(try await test.receive(2, attempt: "try", from: queue) == [], "a visibility was changed")
    }

    @Test("FIFO: a delay holds its group, and only that", arguments: StoreDriver.allCases)
    func fifoDelay(driver: StoreDriver) async throws {
        let test = try await StoreUnderTest(driver)
        let queue = try await test.queue("orders.fifo")
        try await test.send("1", group: "g", delay: 5, to: queue)
        try await test.send("2", group: "g", to: queue)
        try await test.send("3", group: "h", to: queue)
        #expect(try await test.counts(queue) == [2, 0, 1])
        #expect(try await test.bodies(from: queue) == ["3"])
        test.advance(.seconds(5))
        #expect(try await test.bodies(from: queue) == ["1", "2"])
    }

    // MARK: Dead letters and moves

    @Test("row 29: a message is moved on the receive that would be one too many", arguments: StoreDriver.allCases)
    func deadLetters(driver: StoreDriver) async throws {
        let test = try await StoreUnderTest(driver)
        for name in ["orders", "orders.fifo"] {
            let (queue, dead) = try await test.queueWithDead(name, maximumReceives: 2)
            let start = test.now
            let sent = try await test.send("poison", group: "g", to: queue)
            for _ in 0..<2 {
                #expect(try await test.bodies(from: queue) == ["poison"])
                test.advance(.seconds(31))
            }
            #expect(try await test.counts(dead) == [0, 0, 0], "it is moved by a receive, not by time")
            #expect(try await test.bodies(from: queue) == [])
            #expect(try await test.counts(queue) == [0, 0, 0])
            let letter = try #require(try await test.receive(from: dead).first)
            #expect(letter.message.id == sent[0].id)
            #expect(letter.receives == 3, "the count goes on")
            #expect(letter.origin == name)
            #expect(letter.sent == (queue.settings.isFIFO ? test.now : start))
            #expect(letter.firstReceived == start)
        }
    }

    @Test("row 29: what follows a dead letter is received in its place", arguments: StoreDriver.allCases)
    func afterDeadLetter(driver: StoreDriver) async throws {
        let test = try await StoreUnderTest(driver)
        let (queue, _) = try await test.queueWithDead("orders.fifo", maximumReceives: 1)
        try await test.send("1", "2", group: "g", to: queue)
        _ = try await test.receive(1, from: queue)
        test.advance(.seconds(31))
        #expect(try await test.bodies(from: queue) == ["2"])
    }

    @Test("without its dead-letter queue a message stays", arguments: StoreDriver.allCases)
    func deadLetterQueueGone(driver: StoreDriver) async throws {
        let test = try await StoreUnderTest(driver)
        let (queue, dead) = try await test.queueWithDead("orders", maximumReceives: 1)
        try await test.send("a", to: queue)
        _ = try await test.receive(from: queue)
        _ = try await test.store.delete(dead.address)
        test.advance(.seconds(31))
        #expect(try await test.receive(from: queue).map(\.receives) == [2])
    }

    @Test("row 30: moved messages are new where they come to", arguments: StoreDriver.allCases)
    func moves(driver: StoreDriver) async throws {
        let test = try await StoreUnderTest(driver)
        for name in ["orders", "orders.fifo"] {
            let (queue, dead) = try await test.queueWithDead(name, maximumReceives: 1)
            try await test.send("a", "b", group: "g", to: queue)
            _ = try await test.receive(from: queue)
            test.advance(.seconds(31))
            _ = try await test.receive(from: queue)
            var letters = try await test.store.peek(.visible, limit: 10, in: dead)
            #expect(letters.map(\.origin) == [name, name])
            letters[0].message.id = Identifier(high: 1, low: 2)
            #expect(try await test.store.move(letters, from: dead, to: queue) == 2)
            #expect(try await test.store.move(letters, from: dead, to: queue) == 0)
            #expect(try await test.counts(dead) == [0, 0, 0])
            let back = try await test.receive(from: queue)
            #expect(back.map(\.message.body) == ["a", "b"])
            #expect(back.map(\.receives) == [1, 1])
            #expect(back.map(\.origin) == [nil, nil])
            #expect(back[0].message.id == Identifier(high: 1, low: 2))
            #expect(back[0].sent == test.now)
        }
    }

    @Test("what is in flight is not moved", arguments: StoreDriver.allCases)
    func movesOnlyVisible(driver: StoreDriver) async throws {
        let test = try await StoreUnderTest(driver)
        let (queue, target) = (try await test.queue("a"), try await test.queue("b"))
        try await test.send("x", to: queue)
        let listed = try await test.store.peek(.visible, limit: 10, in: queue)
        _ = try await test.receive(from: queue)
        #expect(try await test.store.move(listed, from: queue, to: target) == 0)
        #expect(try await test.store.peek(.inFlight, limit: 10, in: queue).map(\.message.body) == ["x"])
    }

    // MARK: Wakes

    @Test(
        "row 8: whatever gives a waiting poll something wakes it", arguments: StoreDriver.allCases,
        ["send", "delete", "change", "move", "dead letter", "queue's end"])
    func wakes(driver: StoreDriver, cause: String) async throws {
        let test = try await StoreUnderTest(driver)
        let (queue, dead) = try await test.queueWithDead("orders.fifo", maximumReceives: 1)
        var heard = test.store.wakes().makeAsyncIterator()
        #expect(try #require(await heard.next()) == nil, "it has begun to listen")
        try await test.send("1", "2", group: "g", to: queue)
        let one = try await test.receive(1, from: queue)
        let isDead = cause == "dead letter"
        let awaited = isDead ? dead : queue
        var poll = SQSReceive(visibility: 30)
        poll.waits = true
        #expect(try await test.store.receive(poll, from: awaited).messages.isEmpty)
        switch cause {
        case "send": try await test.send("3", group: "h", to: queue)
        case "delete": _ = try await test.delete(one[0], from: queue)
        case "change": _ = try await test.change(one[0], to: 0, in: queue)
        case "move":
            try await test.send("3", group: "h", to: dead)
            let listed = try await test.store.peek(.visible, limit: 1, in: dead)
            _ = try await test.store.move(listed, from: dead, to: queue)
        case "dead letter":
            test.advance(.seconds(31))
            _ = try await test.receive(from: queue)
        default: _ = try await test.store.delete(queue.address)
        }
        #expect(try #require(await heard.next()) == awaited.address)
    }
}
