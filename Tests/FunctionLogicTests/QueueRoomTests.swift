import Model
import Queue
import Testing

@testable import APIFunction

@Suite struct QueueRoomTests {
    private let start = ContinuousClock.now
    private struct NoAnswer: Error {}

    private func pressure(_ messages: Int, _ tenants: [String: Int] = [:]) -> QueuePressure {
        var pressure = QueuePressure(fullestShard: messages)
        pressure.tenants = tenants.mapValues { .init(messages: $0, bytes: 0) }
        return pressure
    }

    @Test
    func
        `a tenant beyond its share finds no room, and where the queue does not say who has what the last answer holds`()
        async
    {
        let room = QueueRoom(QueueShares(messages: 100, memory: 0.7))
        func isLeft(_ tenant: TenantID, second: Int, _ total: QueuePressure?, _ byTenant: QueuePressure?) async -> Bool
        {
            await room.isLeft(for: tenant, now: start + .seconds(second)) { isByTenant in
                guard let answer = isByTenant ? byTenant : total else { throw NoAnswer() }
                return answer
            }
        }
        let shared = pressure(60, ["loud": 50, "quiet": 1])
        #expect(await isLeft("loud", second: 0, pressure(10), nil))
        #expect(await !isLeft("loud", second: 1, pressure(60), shared))
        #expect(await isLeft("quiet", second: 1, pressure(60), shared))
        // Only the second question fails, then both: nothing new is known of the tenant.
        #expect(await !isLeft("loud", second: 2, pressure(60), nil))
        #expect(await !isLeft("loud", second: 3, nil, nil))
        // Full for everybody, of which the first question knows.
        #expect(await !isLeft("quiet", second: 4, pressure(100), nil))
        #expect(await isLeft("quiet", second: 5, pressure(60), nil))
        // Nothing is scarce any more, so nobody is asked who has what.
        #expect(await isLeft("loud", second: 6, pressure(10), nil))
    }
}
