import Model
import Queue
import Sending
import Testing

/// What a trigger costs its tenant in the fair queue, and under which key.
@Suite struct TriggerMessageCostTests {
    private func message(_ kind: TriggerKind, redrive: Int = 0) -> TriggerMessage {
        TriggerMessage(
            id: TriggerID(high: 1, low: 2), kind: kind, redrive: redrive, occurrence: .epoch, plannedAt: .epoch,
            deadline: .epoch + .seconds(60), tenant: "acme", schedule: "s", action: [1])
    }

    @Test func `a backfill waits under a key of its own and costs ten times as much, also when redriven`() {
        for redrive in [0, 1] {
            let backfill = OutgoingMessage(message(.backfill, redrive: redrive), delay: .seconds(1))
            #expect(backfill.tenant == "acme/backfill" && backfill.cost == 10 && backfill.generation == redrive)
        }
        for kind in [TriggerKind.scheduled, .manual, .oneOff, .onFailure] {
            let live = OutgoingMessage(message(kind), attempts: 3, delay: .seconds(1))
            #expect(live.tenant == "acme" && live.cost == 1 && live.attempts == 3 && live.delay == .seconds(1))
        }
    }

    @Test func `a weight divides the cost of its tenant only`() {
        #expect(OutgoingMessage(message(.scheduled), delay: .zero, weights: ["acme": 4]).cost == 0.25)
        #expect(OutgoingMessage(message(.backfill), delay: .zero, weights: ["acme": 4]).cost == 2.5)
        #expect(OutgoingMessage(message(.scheduled), delay: .zero, weights: ["other": 4]).cost == 1)
    }
}
