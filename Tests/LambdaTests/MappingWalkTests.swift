import Lambda
import Model
import SQS
import TestRandom
import Testing

/// Mappings at random. Rows are those of docs/lambda-and-sqs.md.
@Suite struct MappingWalkTests {
    @Test("rows 34 to 37: whatever happens, no message is lost and every rule holds", arguments: 0..<100)
    func walk(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let isFIFO = Bool.random(using: &random)
        let size = [1, 2, 7, 10, 25, 100].randomElement(using: &random)!
        let window = isFIFO ? 0 : [0, 1, 4, 20].randomElement(using: &random)!
        let filters = Int.random(in: 0..<3, using: &random) == 0 ? [#"{"body":[{"prefix":"1"},{"suffix":"7"}]}"#] : []
        let configuration = try MappingConfiguration(
            batchSize: isFIFO || window == 0 ? min(size, 10) : size, window: window,
            maximumConcurrency: [nil, 2, 3, 10].randomElement(using: &random)!, filters: filters,
            reportsItemFailures: Bool.random(using: &random), isFIFO: isFIFO)
        let simulation = try await MappingSimulation(
            configuration, visibility: [0, 3, 10, 30].randomElement(using: &random)!,
            maximumReceives: Int.random(in: 2...6, using: &random))
        simulation.bytes = [100, 100_000, 1_000_000, 2_500_000].randomElement(using: &random)!
        let (slow, trouble) = (Bool.random(using: &random), Int.random(in: 0...40, using: &random))
        simulation.function = { batch, _ in
            let most = slow ? 20_000 : 2_000
            let duration = Duration.milliseconds(Int.random(in: 1...most, using: &random))
            guard Int.random(in: 0..<100, using: &random) < trouble else { return (duration, .answered([])) }
            switch Int.random(in: 0..<4, using: &random) {
            case 0: return (duration, .failed)
            case 1: return (.milliseconds(2), .throttled)
            case 2: return (.milliseconds(2), .unavailable)
            default:
                // A function of a FIFO queue stops at the first that it cannot handle.
                let first = Int.random(in: 0..<batch.count, using: &random)
                let failed = configuration.isFIFO ? batch[first...] : batch[first...first]
                let items = failed.map { #"{"itemIdentifier":"\#($0.messageID)"}"# }.joined(separator: ",")
                return (duration, .answered(Array("{\"batchItemFailures\":[\(items)]}".utf8)))
            }
        }
        // A FIFO queue is asked without delay: what is late on its way may have been given out again by then.
        if !isFIFO { simulation.latency = { .milliseconds(Int.random(in: 0...20, using: &random)) } }
        simulation.fails = { Int.random(in: 0..<50, using: &random) == 0 }

        var count = 0
        let groups = Int.random(in: 1...8, using: &random)
        for _ in 0..<Int.random(in: 1...12, using: &random) {
            let burst = (0..<Int.random(in: 1...30, using: &random)).map { _ in
                count += 1
                return MappingSimulation.delivery(
                    count, group: isFIFO ? "g\(Int.random(in: 0..<groups, using: &random))" : "")
            }
            try await simulation.send(burst)
            try await simulation.run(for: .milliseconds(Int.random(in: 0...8_000, using: &random)))
        }
        let isStoppedEarly = Int.random(in: 0..<4, using: &random) == 0
        if !isStoppedEarly { try await simulation.run(for: .seconds(3_000)) }
        try await simulation.stop()
        try await simulation.run(for: .seconds(100))

        let left = try await simulation.counts(simulation.queue)
        let dead = try await simulation.letters()
        let comment: Comment = "seed \(seed): \(configuration) \(simulation.machine)"
        #expect(simulation.isStopped, comment)
        #expect(simulation.faults == [], comment)
        #expect(isStoppedEarly || left == 0, comment)
        let ends = simulation.deleted.union(dead.map { "\($0.message.id)" })
        #expect(ends.count + left >= count, comment)
        #expect(simulation.machine.waiting == 0 && simulation.machine.nextDeadline == nil, comment)
    }
}
