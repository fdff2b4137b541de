import Flows
import Model
import Queue
import Testing

@testable import StepWorkerFunction

/// Which executions a step-worker takes next.
@Suite struct PendingWorkTests {
    private let now = ContinuousClock.now
    private func id(_ number: UInt64) -> ExecutionID { ExecutionID(high: 0, low: number) }

    @Test func `tenants take turns, however much one of them has`() {
        var work = PendingWork()
        for number in 0..<100 {
            work.add(
                PendingAnswer(
                    execution: id(UInt64(number)), tenant: "noisy", call: StepCall(step: 0, attempt: 1),
                    content: .answer(.accepted), since: now), now: now)
        }
        work.add(
            PendingAnswer(
                execution: id(900), tenant: "quiet", call: StepCall(step: 0, attempt: 1), content: .answer(.accepted),
                since: now), now: now)
        #expect(work.take(2, now: now).map(\.tenant) == ["noisy", "quiet"])
        #expect(work.take(1_000, now: now).count == 99 && work.isEmpty)
    }

    @Test func `what is put back waits for its time, unless an answer comes`() {
        var work = PendingWork()
        let answer = PendingAnswer(
            execution: id(1), tenant: "a", call: StepCall(step: 0, attempt: 1), content: .answer(.accepted), since: now)
        work.add(answer, now: now)
        let item = work.take(9, now: now)[0]
        work.putBack(item, notBefore: now + .seconds(5), now: now)
        #expect(work.take(9, now: now).isEmpty && work.nextTime == now + .seconds(5))
        work.add(answer, now: now)
        #expect(work.take(9, now: now).map(\.answers.count) == [2])
        #expect(work.isEmpty && work.nextTime == nil)
    }
}
