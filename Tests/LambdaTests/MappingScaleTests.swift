import Lambda
import Model
import SQS
import Testing

/// A mapping at work on a queue. Rows are those of docs/lambda-and-sqs.md.
@Suite struct MappingScaleTests {
    /// Numbers messages without end.
    private func endless(group: Int? = nil, last: Int = .max, body: String? = nil) -> () -> SQSDelivery? {
        var number = 0
        return {
            guard number < last else { return nil }
            number += 1
            let name = group.map { "g\(number % $0)" } ?? ""
            return MappingSimulation.delivery(number, body: body, group: name)
        }
    }

    @Test("row 37: 5 invocations at 0 s, 305 at 60 s, 605 at 120 s, and 1,250 from 249 s")
    func curve() async throws {
        let configuration = try MappingConfiguration(batchSize: 1, isFIFO: false)
        let simulation = try await MappingSimulation(configuration, visibility: 3_600) { _, _ in
            (.seconds(3_600), .answered([]))
        }
        simulation.backlog = endless()
        var seconds = 0
        for (time, expected) in [(0, 5), (1, 10), (60, 305), (120, 605), (248, 1_245), (249, 1_250), (300, 1_250)] {
            try await simulation.run(for: .seconds(time - seconds))
            seconds = time
            #expect(simulation.concurrency == expected, "after \(time) s")
        }
        #expect(simulation.invocations.count == 1_250)
        #expect(simulation.faults == [])
    }

    @Test("row 37: functions that end and a queue that has more keep as many batches as are allowed")
    func steady() async throws {
        let configuration = try MappingConfiguration(batchSize: 10, isFIFO: false)
        let simulation = try await MappingSimulation(configuration) { _, _ in (.seconds(3), .answered([])) }
        simulation.backlog = endless()
        for second in [0, 5, 10, 15] {
            try await simulation.run(for: .seconds(second == 0 ? 0 : 5))
            #expect(simulation.concurrency == 5 + 5 * second, "after \(second) s")
        }
        #expect(simulation.faults == [])
    }

    @Test("row 37: a maximum concurrency of 10 means never 11")
    func maximumConcurrency() async throws {
        let configuration = try MappingConfiguration(batchSize: 1, maximumConcurrency: 10, isFIFO: false)
        let simulation = try await MappingSimulation(configuration) { _, _ in (.milliseconds(700), .answered([])) }
        simulation.latency = { .milliseconds(3) }
        simulation.backlog = endless()
        try await simulation.run(for: .seconds(60))
        #expect(simulation.mostAtOnce == 10)
        #expect(simulation.invocations.count > 700)
        #expect(simulation.faults == [])
    }

    @Test("row 37: a queue that is empty is asked by one receive of 20 s at a time, and the next burst begins with 5")
    func idleAgain() async throws {
        let configuration = try MappingConfiguration(batchSize: 1, isFIFO: false)
        let simulation = try await MappingSimulation(configuration) { _, _ in (.seconds(1), .answered([])) }
        simulation.backlog = endless(last: 1_000)
        try await simulation.run(for: .seconds(120))
        #expect(simulation.deleted.count == 1_000)
        let asked = simulation.receives.count
        try await simulation.run(for: .seconds(600))
        #expect((30...31).contains(simulation.receives.count - asked))
        #expect(simulation.machine.allowed(at: simulation.now) == 2)
        simulation.function = { _, _ in (.seconds(60), .answered([])) }
        try await simulation.send((2_001...2_100).map { MappingSimulation.delivery($0) })
        try await simulation.run(for: .zero)
        #expect(simulation.concurrency == 5)
        #expect(simulation.faults == [])
    }

    @Test("row 37: a mapping whose failures leave it no free slot looks for messages all the same")
    func blind() async throws {
        let configuration = try MappingConfiguration(batchSize: 1, isFIFO: false)
        let simulation = try await MappingSimulation(configuration, visibility: 3_600) { batch, _ in
            Int(batch[0].body)! <= 5 ? (.seconds(1_000), .answered([])) : (.seconds(2), .failed)
        }
        try await simulation.send((1...8).map { MappingSimulation.delivery($0) })
        try await simulation.run(for: .seconds(10))
        #expect(simulation.concurrency == 5 && simulation.machine.allowed(at: simulation.now) == 2)
        try await simulation.run(for: .seconds(50))
        try await simulation.send([MappingSimulation.delivery(9)])
        try await simulation.run(for: .seconds(1))
        #expect(simulation.invocations.last?.messages.map(\.body) == ["9"])
        #expect(simulation.faults == [])
    }

    @Test("row 37: a trickle of messages does not raise the concurrency")
    func trickle() async throws {
        let configuration = try MappingConfiguration(batchSize: 1, isFIFO: false)
        let simulation = try await MappingSimulation(configuration)
        for number in 1...300 {
            try await simulation.send([MappingSimulation.delivery(number)])
            try await simulation.run(for: .seconds(1))
            #expect(simulation.machine.allowed(at: simulation.now) <= 3)
        }
        #expect(simulation.deleted.count == 300 && simulation.faults == [])
    }

    @Test("row 37: what a FIFO queue gives out again at once does not make the mapping ask without end")
    func noVisibilityTimeout() async throws {
        let configuration = try MappingConfiguration(isFIFO: true)
        let simulation = try await MappingSimulation(configuration, visibility: 0) { _, _ in (.seconds(60), .failed) }
        try await simulation.send([MappingSimulation.delivery(1, group: "g")])
        try await simulation.run(for: .seconds(30))
        #expect(simulation.receives.count < 100 && simulation.faults == [])
    }

    @Test("row 37: throttled batches let receive counts grow, up to the dead-letter queue")
    func throttles() async throws {
        for outcome in [BatchOutcome.throttled, .unavailable, .failed] {
            let configuration = try MappingConfiguration(isFIFO: false)
            let simulation = try await MappingSimulation(configuration, visibility: 10, maximumReceives: 3) { _, _ in
                (.milliseconds(5), outcome)
            }
            try await simulation.send((1...10).map { MappingSimulation.delivery($0) })
            try await simulation.run(for: .seconds(29))
            #expect(try await simulation.counts(simulation.dead) == 0)
            try await simulation.run(for: .seconds(31))
            #expect(try await simulation.counts(simulation.queue) == 0)
            let letters = try await simulation.letters()
            #expect(letters.count == 10 && letters.allSatisfy { $0.receives == 3 })
            let tries = simulation.invocations.count
            #expect(tries == (outcome == .failed ? 3 : 12), "at 0, 1, 3 and 7 s of each of three receives")
            #expect(simulation.deleted.isEmpty && simulation.faults == [])
        }
    }

    @Test(
        "row 34: every batch size with every window: all is handled once, in batches as large as the window allows",
        arguments: [1, 10, 11, 100, 10_000], [0, 1, 5, 300])
    func windows(size: Int, window: Int) async throws {
        guard let configuration = try? MappingConfiguration(batchSize: size, window: window, isFIFO: false) else {
            #expect(size > 10 && window == 0)
            return
        }
        let simulation = try await MappingSimulation(configuration, visibility: 600)
        simulation.latency = { .milliseconds(1) }
        for second in 0..<10 {
            simulation.at(.seconds(second)) { simulation in
                try await simulation.send((1...25).map { MappingSimulation.delivery(second * 25 + $0) })
            }
        }
        try await simulation.run(for: .seconds(400))
        #expect(simulation.handled.count == 250 && simulation.deleted.count == 250)
        #expect(try await simulation.counts(simulation.queue) == 0)
        let sizes = simulation.invocations.map(\.messages.count)
        #expect(sizes.reduce(0, +) == 250, "none twice")
        #expect(sizes.allSatisfy { $0 <= size })
        // What comes in a window is one batch, unless it is full before.
        let expected: ClosedRange<Int>? =
            switch (size, window) {
            case (1, _): 250...250
            case (10_000, 300): 1...1
            case (100, 300): 3...3
            case (10_000, 5): 2...2
            case (10_000, 1): 5...10
            default: nil
            }
        if let expected { #expect(expected.contains(sizes.count), "\(sizes)") }
        #expect(simulation.faults == [])
    }

    @Test("row 34: 10,000 messages go in batches of 6 MB")
    func longEvents() async throws {
        let configuration = try MappingConfiguration(
            batchSize: 10_000, window: 5, maximumConcurrency: 2, isFIFO: false)
        let simulation = try await MappingSimulation(configuration) { _, _ in (.milliseconds(500), .answered([])) }
        simulation.bytes = 100 * 1_024
        simulation.backlog = endless(last: 10_000)
        try await simulation.run(for: .seconds(120))
        let sizes = simulation.invocations.map(\.messages.count)
        #expect(sizes.reduce(0, +) == 10_000 && simulation.deleted.count == 10_000)
        #expect(sizes.dropLast(2).allSatisfy { $0 == 61 }, "\(sizes)")
        #expect(simulation.faults == [])
    }

    @Test("row 35: what no filter accepts is deleted, and the function never sees it")
    func filters() async throws {
        for window in [0, 2] {
            let configuration = try MappingConfiguration(
                window: window, filters: [#"{"body":{"kind":["order"]}}"#], isFIFO: false)
            let simulation = try await MappingSimulation(configuration)
            try await simulation.send(
                (1...90).map {
                    MappingSimulation.delivery($0, body: $0 % 3 == 0 ? #"{"kind":"order"}"# : "other")
                })
            try await simulation.run(for: .seconds(10))
            let seen = simulation.invocations.flatMap(\.messages)
            #expect(seen.count == 30 && seen.allSatisfy { $0.body == #"{"kind":"order"}"# })
            #expect(simulation.deleted.count == 90)
            #expect(try await simulation.counts(simulation.queue) == 0)
            #expect(simulation.faults == [])
        }
    }

    @Test("row 36: of a partial batch only what was named comes again")
    func partialBatches() async throws {
        let configuration = try MappingConfiguration(reportsItemFailures: true, isFIFO: false)
        var seen: [String: Int] = [:]
        let simulation = try await MappingSimulation(configuration, visibility: 10) { batch, _ in
            for message in batch { seen[message.body, default: 0] += 1 }
            let failed = batch.filter { Int($0.body)! % 5 == 0 && seen[$0.body]! < 3 }
            let items = failed.map { #"{"itemIdentifier":"\#($0.messageID)"}"# }.joined(separator: ",")
            return (.milliseconds(50), .answered(Array("{\"batchItemFailures\":[\(items)]}".utf8)))
        }
        try await simulation.send((1...40).map { MappingSimulation.delivery($0) })
        try await simulation.run(for: .seconds(60))
        #expect((1...40).allSatisfy { seen["\($0)"] == ($0 % 5 == 0 ? 3 : 1) })
        #expect(simulation.deleted.count == 40)
        #expect(simulation.faults == [])
    }

    @Test("row 37: FIFO: no group in two batches, in order, and as many at once as there are groups")
    func groups() async throws {
        let configuration = try MappingConfiguration(isFIFO: true)
        let simulation = try await MappingSimulation(configuration) { _, _ in (.seconds(2), .answered([])) }
        let sent = (1...200).map { MappingSimulation.delivery($0, group: "g\($0 % 4)") }
        try await simulation.send(sent)
        try await simulation.run(for: .seconds(300))
        #expect(simulation.deleted.count == 200)
        #expect(simulation.mostAtOnce == 4)
        for group in 0..<4 {
            let order = simulation.invocations.flatMap(\.messages).filter { $0.groupID == "g\(group)" }
            let numbers = order.map { Int($0.body)! }
            #expect(numbers == numbers.sorted() && numbers.count == 50)
        }
        #expect(simulation.faults == [])
    }

    @Test("row 37: FIFO: order holds when functions last longer than the visibility timeout")
    func slowGroups() async throws {
        let configuration = try MappingConfiguration(isFIFO: true)
        var calls = 0
        let simulation = try await MappingSimulation(configuration, visibility: 5) { _, _ in
            calls += 1
            return (calls <= 6 ? .seconds(12) : .seconds(1), .answered([]))
        }
        let sent = (1...60).map { MappingSimulation.delivery($0, group: "g\($0 % 3)") }
        try await simulation.send(sent)
        try await simulation.run(for: .seconds(300))
        #expect(simulation.invocations.flatMap(\.messages).count > 60, "some come again")
        #expect(try await simulation.counts(simulation.queue) == 0)
        #expect(simulation.faults == [])
    }
}
