import Model
import Queue
import TestRandom
import Testing

/// What every driver keeps to. A change of semantics starts here.
@Suite struct ConformanceTests {
    @Test(arguments: Driver.allCases) func `a message is received with what was sent`(driver: Driver) async throws {
        let it = try await driver.make()
        #expect(try await it.send("m1") == [.accepted])
        let received = try await it.receive()
        #expect(received.map(\.id.description) == ["m1"])
        #expect(received[0].body == Array("body of m1".utf8))
        #expect(received[0].tenant == "a" && received[0].receives == 1 && received[0].attempts == 0)
        #expect(try await it.receive().isEmpty)
    }

    @Test(arguments: Driver.allCases, [(1.0, 0, 0), (0.25, 12, 3), (2, 0, 1), (1, 7, 0)])
    func `attempts and redrive number travel with a message, whatever its cost`(
        driver: Driver, what: (cost: Double, attempts: Int, generation: Int)
    ) async throws {
        let it = try await driver.make()
        let message = OutgoingMessage(
            id: MessageID("m"), tenant: "a", cost: what.cost, generation: what.generation, attempts: what.attempts,
            body: [1])
        _ = try await it.queue.send([message], ticket: QueueTicket(time: it.now), mode: .redrive)
        let received = try #require(try await it.receive().first)
        #expect(received.attempts == what.attempts && received.generation == what.generation && received.receives == 1)
        _ = try await it.queue.settle([Settlement(received.receipt, .retry(after: .zero))])
        let again = try #require(try await it.receive().first)
        #expect(again.attempts == what.attempts + 1 && again.generation == what.generation && again.receives == 1)
    }

    @Test(arguments: Driver.allCases) func `a body of any bytes comes back unchanged`(driver: Driver) async throws {
        let it = try await driver.make()
        let body = (0...255).map { UInt8($0) }
        _ = try await it.queue.send([OutgoingMessage(id: MessageID("m"), tenant: "a|b\tc", body: body)])
        let received = try await it.receive()
        #expect(received.first?.body == body && received.first?.tenant == "a|b\tc")
    }

    @Test(arguments: Driver.allCases) func `a known id is not sent twice`(driver: Driver) async throws {
        let it = try await driver.make()
        #expect(try await it.send("m", "m") == [.accepted, .known])
        #expect(try await it.send("m") == [.known])
        let received = try await it.receive()
        #expect(received.count == 1)
        #expect(try await it.send("m") == [.known])
        _ = try await it.queue.settle([Settlement(received[0].receipt, .acknowledge, outcome: Array("done\n".utf8))])
        #expect(try await it.send("m") == [.known])
    }

    @Test(arguments: Driver.allCases)
    func `an id stays known until ten minutes after its outcome was recorded`(driver: Driver) async throws {
        let it = try await driver.make()
        _ = try await it.send("m")
        let received = try await it.receive()
        _ = try await it.queue.settle([Settlement(received[0].receipt, .acknowledge, outcome: Array("done\n".utf8))])
        it.advance(.seconds(3_600))
        #expect(try await it.send("m") == [.known], "its outcome is not recorded yet")
        #expect(try await it.takeOutcomes(recorded: ["m"]) == ["done"])
        it.advance(.seconds(595))
        #expect(try await it.send("m") == [.known])
        it.advance(.seconds(600))
        #expect(try await it.send("m") == [.accepted])
    }

    @Test(arguments: Driver.allCases) func `a delayed message waits for its time`(driver: Driver) async throws {
        let it = try await driver.make()
        _ = try await it.send("m", delay: .seconds(60))
        it.advance(.milliseconds(59_999))
        #expect(try await it.receive().isEmpty)
        it.advance(.milliseconds(1))
        #expect(try await it.receive().count == 1)
    }

    @Test(arguments: Driver.allCases) func `a delay counts from the ticket`(driver: Driver) async throws {
        let it = try await driver.make()
        let ticket = try await it.queue.ticket()
        it.advance(.seconds(30))
        _ = try await it.queue.send([it.message("m", delay: .seconds(40))], ticket: ticket, mode: .add)
        it.advance(.seconds(10))
        #expect(try await it.receive().count == 1)
    }

    @Test(arguments: Driver.allCases) func `a send with an old ticket is refused`(driver: Driver) async throws {
        let it = try await driver.make()
        let ticket = try await it.queue.ticket()
        it.advance(.milliseconds(60_001))
        #expect(try await it.queue.send([it.message("m")], ticket: ticket, mode: .add) == [.stale])
        #expect(try await it.receive().isEmpty)
    }

    @Test(arguments: Driver.allCases) func `an expired lease is given to another`(driver: Driver) async throws {
        let it = try await driver.make()
        _ = try await it.send("m")
        let first = try await it.receive(visibility: .seconds(30))
        it.advance(.seconds(30))
        let second = try await it.receive()
        try #require(second.map(\.receives) == [2])
        #expect(first[0].receipt != second[0].receipt)
        #expect(try await it.queue.acknowledge([first[0].receipt]) == [false])
        #expect(try await it.queue.extend([first[0].receipt], visibility: .seconds(9)) == [false])
        #expect(try await it.queue.acknowledge([second[0].receipt]) == [true])
        #expect(try await it.queue.acknowledge([second[0].receipt]) == [false])
    }

    @Test(arguments: Driver.allCases) func `a stale receipt sends no outcome`(driver: Driver) async throws {
        let it = try await driver.make()
        _ = try await it.send("m", "n")
        let stale = try await it.receive()
        it.advance(.seconds(30))
        let held = try await it.receive()
        let results = try await it.queue.settle(
            stale.map { Settlement($0.receipt, .acknowledge, outcome: Array("stale\n".utf8)) }
                + held.map { Settlement($0.receipt, .acknowledge, outcome: Array("held \($0.id)\n".utf8)) })
        #expect(results == [.stale, .stale, .settled, .settled])
        #expect(try await Set(it.takeOutcomes()) == ["held m", "held n"])
    }

    @Test(arguments: Driver.allCases) func `extending keeps a lease`(driver: Driver) async throws {
        let it = try await driver.make()
        _ = try await it.send("m")
        let received = try await it.receive(visibility: .seconds(30))
        it.advance(.seconds(29))
        #expect(try await it.queue.extend([received[0].receipt], visibility: .seconds(30)) == [true])
        it.advance(.seconds(29))
        #expect(try await it.receive().isEmpty)
        #expect(try await it.queue.acknowledge([received[0].receipt]) == [true])
    }

    @Test(arguments: Driver.allCases) func `a retry charges an attempt and waits`(driver: Driver) async throws {
        let it = try await driver.make()
        _ = try await it.send("m")
        let first = try await it.receive()
        #expect(try await it.queue.retry([first[0].receipt], after: .seconds(5)) == [.settled])
        #expect(try await it.receive().isEmpty)
        it.advance(.seconds(5))
        let second = try await it.receive()
        #expect(second.map(\.attempts) == [1] && second.map(\.receives) == [1])
        #expect(try await it.queue.retry([second[0].receipt], after: .zero) == [.settled])
        #expect(try await it.receive().map(\.attempts) == [2])
    }

    @Test(arguments: Driver.allCases) func `a release charges nothing`(driver: Driver) async throws {
        let it = try await driver.make()
        _ = try await it.send("m")
        for _ in 0..<10 {
            let received = try await it.receive()
            #expect(received.map(\.receives) == [1] && received.map(\.attempts) == [0])
            #expect(try await it.queue.release([received[0].receipt], after: .seconds(1)) == [true])
            it.advance(.seconds(1))
        }
    }

    @Test(arguments: Driver.allCases)
    func `a message whose receivers all die is buried and its outcome says so`(driver: Driver) async throws {
        let it = try await driver.make()
        _ = try await it.queue.send([
            OutgoingMessage(id: MessageID("m"), tenant: "a", generation: 7, body: [1])
        ])
        for _ in 0..<3 {
            #expect(try await it.receive().count == 1)
            it.advance(.seconds(30))
        }
        #expect(try await it.receive().isEmpty)
        let dead = try await it.queue.peekDead(limit: 10)
        #expect(dead.map(\.id.description) == ["m"] && dead.map(\.generation) == [7])
        #expect(dead.first?.reason == "received 3 times without an outcome")
        #expect(try await it.takeOutcomes() == ["1\tdead\tm\t7\treceived 3 times without an outcome"])
        #expect(try await it.send("m") == [.known])
    }

    @Test(arguments: Driver.allCases) func `maintain buries and promotes without a receiver`(driver: Driver)
        async throws
    {
        let it = try await driver.make()
        _ = try await it.send("m")
        for _ in 0..<3 {
            _ = try await it.receive()
            it.advance(.seconds(30))
        }
        _ = try await it.send("n", delay: .seconds(1))
        it.advance(.seconds(1))
        #expect(try await it.queue.maintain() == 2)
        let statistics = try await it.queue.statistics()
        #expect(statistics.dead == 1 && statistics.ready == 1 && statistics.delayed == 0)
        #expect(try await it.takeOutcomes().count == 1)
    }

    @Test(arguments: Driver.allCases)
    func `a burial keeps the id and its reason, and no body`(driver: Driver) async throws {
        let it = try await driver.make()
        _ = try await it.send("m")
        let received = try await it.receive()
        let burial = Settlement(received[0].receipt, .bury(reason: "no"), outcome: Array("dead m\n".utf8))
        #expect(try await it.queue.settle([burial]) == [.settled])
        #expect(try await it.takeOutcomes() == ["dead m"])
        let letter = try await it.queue.peekDead(limit: 1)
        #expect(letter.first?.reason == "no" && letter.first?.body == [])
        #expect(letter.first?.diedAt == it.now && letter.first?.attempts == 1)
    }

    /// Of a queue without outcomes, whose dead letters nobody else has.
    @Test(arguments: Driver.allCases) func `dead letters are redriven oldest first at a rate`(driver: Driver)
        async throws
    {
        let it = try await driver.make()
        let queue = it.outcomes
        func receive() async throws -> [ReceivedMessage] {
            try await queue.receive(upTo: 10, visibility: .seconds(30), wait: .zero)
        }
        for id in ["m", "n", "o"] {
            _ = try await queue.send([it.message(id)])
            let received = try await receive()
            _ = try await queue.settle([Settlement(received[0].receipt, .bury(reason: "no"))])
            it.advance(.seconds(1))
        }
        #expect(try await queue.peekDead(limit: 1).first?.body == Array("body of m".utf8))
        #expect(try await queue.redriveDead(limit: 2, rate: 1) == 2)
        #expect(try await receive().map(\.id.description) == ["m"])
        it.advance(.seconds(1))
        #expect(try await receive().map(\.id.description) == ["n"])
        #expect(try await queue.peekDead(limit: 9).map(\.id.description) == ["o"])
        #expect(try await it.queue.redriveDead(limit: 2, rate: 1) == 0, "they are sent anew")
    }

    @Test(arguments: Driver.allCases)
    func `a redriving send replaces what is dead or settled and nothing else`(driver: Driver) async throws {
        let it = try await driver.make()
        _ = try await it.send("dead", "held", "done")
        for message in try await it.receive() where message.id.description != "held" {
            let isDead = message.id.description == "dead"
            _ = try await it.queue.settle([
                Settlement(message.receipt, isDead ? .bury(reason: "no") : .acknowledge, outcome: Array("x\n".utf8))
            ])
        }
        let again = ["dead", "held", "done"].map { it.message($0) }
        let results = try await it.queue.send(again, ticket: it.queue.ticket(), mode: .redrive)
        #expect(results == [.accepted, .known, .accepted])
        #expect(try await it.queue.peekDead(limit: 9).isEmpty)
        #expect(try await Set(it.receive().map(\.id.description)) == ["dead", "done"])
    }

    @Test(arguments: Driver.allCases) func `cancel removes what nobody holds`(driver: Driver) async throws {
        let it = try await driver.make()
        _ = try await it.send("held")
        _ = try await it.receive()
        _ = try await it.send("ready")
        _ = try await it.send("delayed", delay: .seconds(5))
        let ids = ["held", "ready", "delayed", "never"].map { MessageID($0) }
        #expect(try await it.queue.cancel(ids) == [.inFlight, .removed, .removed, .unknown])
        it.advance(.seconds(6))
        #expect(try await it.receive().isEmpty)
        let statistics = try await it.queue.statistics()
        #expect(statistics.ready == 0 && statistics.delayed == 0 && statistics.tenants == ["a": 1])
        #expect(try await it.send("ready") == [.accepted], "a cancelled id is forgotten")
    }

    /// What was received may have been called (protocols.md, 8a).
    @Test(arguments: Driver.allCases, ["retried", "lapsed", "released", "fresh"])
    func `a cancel says whether a worker has had the message`(driver: Driver, way: String) async throws {
        let it = try await driver.make()
        _ = try await it.send("m")
        if way != "fresh" {
            let received = try await it.receive()
            switch way {
            case "retried": _ = try await it.queue.retry(received.map(\.receipt), after: .seconds(5))
            case "released": _ = try await it.queue.release(received.map(\.receipt), after: .seconds(5))
            default:
                it.advance(.seconds(31))
                _ = try await it.queue.maintain()
            }
        }
        let isKnown = way == "fresh" || way == "released"
        #expect(try await it.queue.cancel([MessageID("m")]) == [isKnown ? .removed : .removedAfterReceive])
    }

    @Test(arguments: Driver.allCases)
    func `a tenant has a thousand dead letters at most, and none for longer than a week`(driver: Driver) async throws {
        let it = try await driver.make()
        func die(_ range: Range<Int>, _ tenant: String) async throws {
            for start in stride(from: range.lowerBound, to: range.upperBound, by: 100) {
                _ = try await it.queue.send((start..<start + 100).map { it.message("\(tenant)\($0)", tenant: tenant) })
                let received = try await it.receive(100)
                _ = try await it.queue.settle(
                    received.map { Settlement($0.receipt, .bury(reason: "no"), outcome: Array("x\n".utf8)) })
            }
        }
        try await die(0..<1_100, "noisy")
        try await die(0..<100, "quiet")
        #expect(try await it.queue.statistics().dead == 1_100)
        #expect(try await it.queue.peekDead(limit: 2_000, tenant: "quiet").count == 100)
        #expect(try await it.send("noisy1050") == [.known], "until its outcome is recorded")
        _ = try await it.queue.cancel((0..<500).map { MessageID("noisy\($0)") })
        try await die(2_000..<2_100, "noisy")
        #expect(try await it.queue.statistics().dead == 700)
        it.advance(.seconds(7 * 86_400))
        for _ in 0..<3 { _ = try await it.queue.maintain() }
        #expect(try await it.queue.statistics().dead == 0)
        try await die(3_000..<3_100, "noisy")
        #expect(try await it.queue.statistics().dead == 100)
    }

    @Test(arguments: Driver.allCases) func `a cancel that comes first refuses a late send`(driver: Driver) async throws
    {
        let it = try await driver.make()
        #expect(try await it.queue.cancel([MessageID("late")]) == [.unknown])
        #expect(try await it.send("late") == [.known])
        it.advance(.seconds(1_200))
        #expect(try await it.send("late") == [.accepted])
    }

    @Test(arguments: Driver.allCases)
    func `a tenant's backlog does not delay another's messages`(driver: Driver) async throws {
        let it = try await driver.make()
        let noisy = (0..<2_000).map { it.message("noisy\($0)", tenant: "noisy") }
        let quiet = (0..<20).map { it.message("quiet\($0)", tenant: "quiet") }
        _ = try await it.queue.send(noisy)
        _ = try await it.receive(100)
        _ = try await it.queue.send(quiet)
        let next = try await it.receive(42)
        #expect(next.filter { $0.tenant == "quiet" }.count == 20)
    }

    @Test(arguments: Driver.allCases)
    func `what becomes due is leased in the numbers asked for, and with what is ready`(driver: Driver) async throws {
        let it = try await driver.make()
        func messages(_ name: String, _ delay: Duration) -> [OutgoingMessage] {
            (0..<30).map { it.message("\(name)\($0)", tenant: name, delay: delay) }
        }
        _ = try await it.queue.send(messages("due", .seconds(1)))
        it.advance(.seconds(1))
        #expect(try await it.receive(10).count == 10)
        _ = try await it.queue.send(messages("later", .seconds(1)))
        it.advance(.seconds(1))
        #expect(try await it.receive(100).count == 50, "20 were ready, and 30 have become due")
    }

    @Test(arguments: Driver.allCases) func `fairness holds for what was delayed or expired`(driver: Driver) async throws
    {
        let it = try await driver.make()
        let noisy = (0..<1_500).map { it.message("noisy\($0)", tenant: "noisy", delay: .seconds(5)) }
        let quiet = (0..<20).map { it.message("zquiet\($0)", tenant: "quiet", delay: .seconds(5)) }
        _ = try await it.queue.send(noisy + quiet)
        it.advance(.seconds(5))
        #expect(try await it.receive(42).filter { $0.tenant == "quiet" }.count == 20)
        it.advance(.seconds(30))
        #expect(try await it.receive(42).filter { $0.tenant == "quiet" }.count == 20, "leases that expired")
    }

    @Test(arguments: Driver.allCases) func `a lighter cost gets a larger share`(driver: Driver) async throws {
        let it = try await driver.make()
        let heavy = (0..<200).map { it.message("heavy\($0)", tenant: "heavy", cost: 1) }
        let light = (0..<200).map { it.message("light\($0)", tenant: "light", cost: 0.25) }
        _ = try await it.queue.send(heavy + light)
        let received = try await it.receive(100)
        #expect(received.filter { $0.tenant == "light" }.count == 80)
    }

    @Test(arguments: Driver.allCases) func `messages of one tenant keep their order`(driver: Driver) async throws {
        let it = try await driver.make()
        _ = try await it.queue.send((0..<50).map { it.message("m\($0)") })
        #expect(try await it.receive(50).map(\.id.description) == (0..<50).map { "m\($0)" })
    }

    @Test(arguments: Driver.allCases) func `statistics count every place`(driver: Driver) async throws {
        let it = try await driver.make()
        _ = try await it.send("a1", "a2", tenant: "a")
        _ = try await it.receive(1)
        _ = try await it.send("b1", tenant: "b", delay: .seconds(9))
        it.advance(.seconds(3))
        var statistics = try await it.queue.statistics()
        #expect(statistics.ready == 1 && statistics.delayed == 1 && statistics.inFlight == 1 && statistics.dead == 0)
        #expect(statistics.oldestReady == .seconds(3))
        #expect(statistics.tenants == ["a": 2, "b": 1])
        #expect(try await it.queue.statistics(of: ["b", "nobody"]).tenants == ["b": 1])
        #expect(statistics.tenants == ["a": 2, "b": 1])
        #expect(try await it.queue.purge() == 3)
        statistics = try await it.queue.statistics()
        #expect(statistics.ready + statistics.delayed + statistics.inFlight == 0 && statistics.tenants.isEmpty)
        #expect(try await it.send("a1") == [.accepted])
    }

    /// Random calls against the rule that a message is in one place, or settled: nothing is lost, nothing held twice.
    @Test(arguments: Driver.allCases, [1, 2, 3]) func `no walk loses or doubles a message`(
        driver: Driver, seed: UInt64
    ) async throws {
        let it = try await driver.make()
        var random = SeededGenerator(seed: seed)
        var sent = 0
        var settled: Set<String> = []
        var held: [String: Receipt] = [:]
        for step in 0..<400 {
            switch Int.random(in: 0..<8, using: &random) {
            case 0, 1:
                let messages = (0..<Int.random(in: 1...5, using: &random)).map { index in
                    it.message(
                        "m\(sent + index)", tenant: "t\(index)",
                        delay: .seconds(Int64.random(in: 0...20, using: &random)))
                }
                sent += messages.count
                _ = try await it.queue.send(messages)
            case 2, 3:
                for message in try await it.receive(Int.random(in: 1...7, using: &random)) {
                    let id = message.id.description
                    #expect(!settled.contains(id), "seed \(seed) step \(step): \(id) received after it was settled")
                    held[id] = message.receipt
                }
            case 4, 5:
                guard let (id, receipt) = held.sorted(by: { $0.key < $1.key }).randomElement(using: &random) else {
                    break
                }
                held[id] = nil
                if try await it.queue.acknowledge([receipt]) == [true] { settled.insert(id) }
            case 6:
                guard let (id, receipt) = held.sorted(by: { $0.key < $1.key }).randomElement(using: &random) else {
                    break
                }
                held[id] = nil
                _ = try await it.queue.retry([receipt], after: .seconds(Int64.random(in: 0...9, using: &random)))
            default: it.advance(.seconds(Int64.random(in: 0...12, using: &random)))
            }
            let statistics = try await it.queue.statistics()
            let present = statistics.ready + statistics.delayed + statistics.inFlight + statistics.dead
            #expect(present + settled.count == sent, "seed \(seed) step \(step)")
        }
    }
}
