import Calls
import Model
import Queue
import TestRandom
import Testing

@testable import TriggerWorkerFunction

@Suite struct HeldCallsTests {
    private let start = ContinuousClock.now
    private var random = SeededGenerator(seed: 7)
    private var held = HeldCalls()

    private func holdRequest(minimum: Duration = .seconds(2), left: Duration = .seconds(600)) -> HeldCalls.HoldRequest {
        HeldCalls.HoldRequest(receipt: Receipt(shard: 0, handle: "a|1"), waited: .zero, left: left, minimum: minimum)
    }

    @Test mutating func `a call is not held beyond its deadline`() {
        #expect(!held.hold(holdRequest(left: .seconds(1)), forHost: "h", at: start, using: &random))
        #expect(!held.hasPending && !held.answered("h"))
        #expect(
            held.hold(holdRequest(minimum: .seconds(30), left: .seconds(30)), forHost: "h", at: start, using: &random))
        #expect(held.takePending().map(\.delay) == [.seconds(30)] && !held.hasPending)
    }

    @Test mutating func `an answer of the host wakes its calls once`() {
        #expect(held.hold(holdRequest(), forHost: "h", at: start, using: &random))
        #expect(!held.answered("other") && held.answered("h") && !held.answered("h"))
    }

    @Test mutating func `a tenant's calls wake when its record is another, and not while it is the same`() {
        let paused = TenantRecord(isPaused: true)
        #expect(held.hold(holdRequest(), forTenant: "a", record: paused, at: start, using: &random))
        #expect(held.hold(holdRequest(), forTenant: "b", record: nil, at: start, using: &random))
        #expect(held.tenantNames == ["a", "b"])
        #expect(held.changedTenants { $0 == "a" ? paused : nil }.isEmpty)
        #expect(held.changedTenants { _ in nil } == ["a"] && held.tenantNames == ["b"])
    }

    @Test mutating func `groups whose calls have come back are forgotten`() {
        #expect(held.hold(holdRequest(), forHost: "h", at: start, using: &random))
        #expect(held.hold(holdRequest(), forTenant: "a", record: nil, at: start, using: &random))
        held.forgetPast(start + .seconds(1))
        #expect(held.hasTenants)
        held.forgetPast(start + .seconds(3_600))
        #expect(!held.hasTenants && !held.answered("h"))
    }
}
