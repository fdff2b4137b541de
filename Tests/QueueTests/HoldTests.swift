import Model
import Queue
import TestRandom
import Testing

/// What every driver that can hold keeps to.
@Suite struct HoldTests {
    private func holding(_ it: QueueUnderTest) throws -> any HoldingQueue {
        try #require(it.queue as? any HoldingQueue)
    }
    private func names(_ messages: [ReceivedMessage]) -> [String] { messages.map(\.id.description).sorted() }

    @Test(arguments: Driver.allCases)
    func `a held message comes back after its delay, and nothing is charged`(driver: Driver) async throws {
        let it = try await driver.make()
        _ = try await it.send("m")
        for _ in 0..<5 {
            let received = try await it.receive()
            #expect(received.map(\.receives) == [1] && received.map(\.attempts) == [0])
            let hold = Hold(received[0].receipt, for: .tenant("a"), delay: .seconds(40))
            #expect(try await holding(it).hold([hold]) == [true])
            #expect(try await holding(it).hold([hold]) == [false], "the lease has ended")
            it.advance(.milliseconds(39_999))
            #expect(try await it.receive().isEmpty)
            it.advance(.milliseconds(1))
        }
        #expect(try await it.queue.statistics().delayed == 1)
    }

    @Test(arguments: Driver.allCases)
    func `a wake brings what is held for its group, and nothing else`(driver: Driver) async throws {
        let it = try await driver.make()
        let queue = try holding(it)
        _ = try await it.send("later", delay: .seconds(100))
        _ = try await it.send("held1", "held2", "retried", "released", "leased", "other", "host")
        let leases = Dictionary(uniqueKeysWithValues: try await it.receive().map { ($0.id.description, $0.receipt) })
        func hold(_ id: String, _ group: HoldGroup) -> Hold { Hold(leases[id]!, for: group, delay: .seconds(50)) }
        #expect(
            try await queue.hold([
                hold("held1", .tenant("a")), hold("other", .tenant("b")), hold("host", .host("a")),
                hold("held2", .tenant("a")),
            ]) == [true, true, true, true])
        _ = try await it.queue.retry([leases["retried"]!], after: .seconds(50))
        _ = try await it.queue.release([leases["released"]!], after: .seconds(50))
        #expect(try await queue.wake(.tenant("nobody")) == 0)
        #expect(try await queue.wake(.tenant("a")) == 2)
        #expect(names(try await it.receive()) == ["held1", "held2"])
        #expect(try await queue.wake(.tenant("a")) == 0)
        #expect(try await queue.wake(.host("a")) == 1)
        #expect(names(try await it.receive()) == ["host"])
    }

    @Test(arguments: Driver.allCases)
    func `what was held and then delayed otherwise, cancelled or purged is not woken`(driver: Driver) async throws {
        let it = try await driver.make()
        let queue = try holding(it)
        _ = try await it.send("retried", "cancelled", "again")
        for message in try await it.receive() {
            _ = try await queue.hold([Hold(message.receipt, for: .tenant("a"), delay: .seconds(5))])
        }
        it.advance(.seconds(5))
        for message in try await it.receive() {
            switch message.id.description {
            case "retried": _ = try await it.queue.retry([message.receipt], after: .seconds(60))
            case "again": _ = try await queue.hold([Hold(message.receipt, for: .tenant("a"), delay: .seconds(30))])
            default:
                _ = try await queue.hold([Hold(message.receipt, for: .tenant("a"), delay: .seconds(30))])
                #expect(try await it.queue.cancel([message.id]) == [.removed])
            }
        }
        #expect(try await queue.wake(.tenant("a")) == 1)
        let again = try await it.receive()
        #expect(names(again) == ["again"])
        _ = try await queue.hold([Hold(#require(again.first).receipt, for: .tenant("a"), delay: .seconds(30))])
        _ = try await it.queue.purge()
        _ = try await it.send("again", delay: .seconds(31))
        #expect(try await queue.wake(.tenant("a")) == 0)
        #expect(try await it.receive().isEmpty)
    }

    @Test(arguments: Driver.allCases)
    func `as many as there are are woken, and a quiet tenant has its turn among them`(driver: Driver) async throws {
        let it = try await driver.make()
        let queue = try holding(it)
        for part in 0..<6 { _ = try await it.queue.send((0..<500).map { it.message("m\(part * 500 + $0)") }) }
        var held = 0
        while true {
            let received = try await it.receive(1_000)
            if received.isEmpty { break }
            held += received.count
            let holds = received.map { Hold($0.receipt, for: .tenant("a"), delay: .seconds(600)) }
            #expect(try await queue.hold(holds).allSatisfy { $0 })
        }
        #expect(held == 3_000)
        #expect(try await queue.wake(.tenant("a")) == 3_000)
        _ = try await it.send("quiet", tenant: "q")
        #expect(try await it.receive(10).contains { $0.tenant == "q" })
        #expect(try await it.queue.statistics().delayed == 0)
    }

    @Test(arguments: Driver.allCases, 1...3 as ClosedRange<UInt64>)
    func `no walk of holds, wakes and time loses a message, or brings it early unasked`(driver: Driver, seed: UInt64)
        async throws
    {
        var random = SeededGenerator(seed: seed)
        let it = try await driver.make()
        let queue = try holding(it)
        let groups: [HoldGroup] = [.tenant("a"), .tenant("b"), .host("a")]
        var waiting: [String: (group: HoldGroup?, due: Timestamp)] = [:]
        for index in 0..<40 {
            _ = try await it.send("m\(index)")
            waiting["m\(index)"] = (nil, it.now)
        }
        for step in 0..<150 {
            if Int.random(in: 0..<4, using: &random) == 0 {
                let group = groups.randomElement(using: &random)!
                let due = waiting.filter { $0.value.group == group && $0.value.due > it.now }
                // What is due and was not received yet has come by itself; a wake may count it.
                let come = waiting.filter { $0.value.group == group }.count
                let count = try await queue.wake(group)
                #expect(count >= due.count && count <= come, "seed \(seed), step \(step)")
                for id in due.keys { waiting[id]!.due = it.now }
            }
            it.advance(.milliseconds(Int64.random(in: 0...3_000, using: &random)))
            let due = waiting.filter { $0.value.due <= it.now }.keys.sorted()
            var received: [ReceivedMessage] = []
            while true {
                let part = try await it.receive(10)
                if part.isEmpty { break }
                received += part
            }
            #expect(names(received) == due, "seed \(seed), step \(step)")
            for message in received {
                let delay = Duration.milliseconds(Int64.random(in: 1...20_000, using: &random))
                let group = Bool.random(using: &random) ? groups.randomElement(using: &random) : nil
                if let group {
                    _ = try await queue.hold([Hold(message.receipt, for: group, delay: delay)])
                } else {
                    _ = try await it.queue.release([message.receipt], after: delay)
                }
                let due = it.now + delay
                let second = Timestamp(seconds: (due.milliseconds + 999) / 1_000)
                waiting[message.id.description] = (group, group == nil ? due : second)
            }
        }
    }
}
