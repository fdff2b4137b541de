import Model
import Queue
import Store

extension Simulation {
    /// `Historian.run`: new messages together, messages received before each alone.
    func runHistorian(at time: Timestamp) async throws {
        guard historianDue == time else { return }
        historianDue = nil
        guard !isBroken(.historianOutage), !isBroken(.queueOutage), !isBroken(.storeOutage) else {
            historianBack = clock.now + .seconds(1)
            return
        }
        do {
            let messages = try await outcomes.receive(upTo: 40, visibility: .seconds(30), wait: .zero)
            let fresh = messages.filter { $0.receives == 1 }
            if !fresh.isEmpty { try await record(fresh) }
            for message in messages where message.receives > 1 { try await record([message]) }
        } catch is Crash {
            // The leases lapse, and the next one records.
        } catch is Unreachable {
        }
    }

    /// `Historian.record`.
    private func record(_ messages: [ReceivedMessage]) async throws {
        var parsed: [TriggerOutcome] = []
        for message in messages {
            let (outcomes, unknown) = TriggerOutcome.parse(message.body)
            if unknown > 0 { throw Violation("an outcome cannot be read") }
            parsed += outcomes
        }
        try await step(30, needs: .storeOutage)
        let result = try await outcomeStore.record(parsed)
        for outcome in parsed { say(outcome.id, "recorded: attempt \(outcome.attempt), \(outcome.state)") }
        trace.note(.recorded, clock.now, UInt64(result.recorded), UInt64(result.repeated))
        if result.orphaned > 0 { throw Violation("an outcome of a trigger without a record") }
        if isLost() {
            statistics.lostAnswers += 1
            if try await outcomeStore.record(parsed).recorded > 0 { throw Violation("an outcome was recorded twice") }
        }
        try await step(31, needs: .queueOutage)
        let recorded = parsed.filter(\.state.isFinal).map { MessageID($0.id) }
        _ = try await outcomes.confirm(messages.map(\.receipt), recorded: recorded)
        if isLost() { _ = try await outcomes.confirm(messages.map(\.receipt), recorded: recorded) }
    }
}
