import Model
import Store
import Testing

@testable import APIFunction

@Suite struct APILimitsTests {
    private let start = ContinuousClock.now

    private func key(_ number: UInt64) -> KeyID { KeyID(high: 1, low: number) }

    @Test func `a key has its rate, with twice as many at once after a pause, and is told when to come again`() throws {
        var rates = RequestRateLimiter(.init(perKey: 10, perTenant: 1_000))
        func take(_ key: KeyID, _ tenant: TenantID, _ now: ContinuousClock.Instant) -> Duration? {
            rates.take(key: key, tenant: tenant, now: now)
        }
        for _ in 0..<20 { #expect(take(key(1), "a", start) == nil) }
        let refused = take(key(1), "a", start)
        let wait = try #require(refused)
        #expect(abs(wait.inSeconds - 0.1) < 0.001)
        #expect(take(key(2), "a", start) == nil)
        #expect(take(key(1), "a", start + .milliseconds(101)) == nil)
        #expect(take(key(1), "a", start + .milliseconds(102)) != nil)
        for _ in 0..<20 { #expect(take(key(1), "a", start + .seconds(60)) == nil) }
        #expect(take(key(1), "a", start + .seconds(60)) != nil)
    }

    @Test func `all keys of a tenant share its rate, and other tenants do not feel it`() {
        var rates = RequestRateLimiter(.init(perKey: 10, perTenant: 15))
        func take(_ key: KeyID, _ tenant: TenantID, _ now: ContinuousClock.Instant) -> Duration? {
            rates.take(key: key, tenant: tenant, now: now)
        }
        let taken = (0..<100).count { take(key(UInt64($0 % 10)), "a", start) == nil }
        #expect(taken == 30)
        #expect(take(key(99), "b", start) == nil)
    }

    @Test(arguments: [0.1, 0.2, 5])
    func `a key that waits for its next request gets none early because there are many keys`(rate: Double) {
        var rates = RequestRateLimiter(.init(perKey: rate, perTenant: 1_000_000))
        while rates.take(key: key(1), tenant: "a", now: start) == nil {}
        // With so many keys those that have not been used for a while are forgotten.
        for number in 2...10_010 { _ = rates.take(key: key(UInt64(number)), tenant: "a", now: start) }
        let soon = start + .seconds(0.9 / rate)
        for number in 0..<3 { _ = rates.take(key: key(UInt64(20_000 + number)), tenant: "a", now: soon) }
        #expect(rates.take(key: key(1), tenant: "a", now: soon) != nil)
        #expect(rates.take(key: key(1), tenant: "a", now: start + .seconds(1.01 / rate)) == nil)
    }

    @Test func `kept answers of a tenant have a budget of bytes that comes back over a day`() {
        var budget = AnswerBudget()
        let part = Int(AnswerBudget.bytes) / 256
        let taken = (0..<300).map { _ in budget.take(part, of: "a", now: start) }.count { $0 }
        #expect(taken == 256)
        let (other, early) = (
            budget.take(part, of: "b", now: start),
            budget.take(part, of: "a", now: start + .seconds(86_400 / 256 - 1))
        )
        let back = budget.take(part, of: "a", now: start + .seconds(86_400 / 256 + 1))
        #expect(other && !early && back)
        let later = (0..<300).map { _ in
            budget.take(part, of: "a", now: start + .seconds(2 * 86_400))
        }.count { $0 }
        #expect(later == 256, "no more than at the beginning")
    }

    @Test func `an answer about a key counts for less than five seconds, and none once keys have been revoked`()
        async throws
    {
        let cache = KeyCache()
        let row = KeyRow(id: key(1), tenant: "a", subject: "s", role: "viewer", groups: [], isPlatform: false)
        var lookups = 0
        func look(_ hash: [UInt8], at time: ContinuousClock.Instant, _ found: KeyRow?) async throws -> KeyID? {
            try await cache.key(hash, now: time) { _ in
                lookups += 1
                return found
            }?.id
        }
        #expect(try await look([1], at: start, row) == row.id)
        #expect(try await look([1], at: start + .seconds(3.9), nil) == row.id && lookups == 1)
        #expect(try await look([1], at: start + .seconds(4.1), nil) == nil && lookups == 2)
        #expect(try await look([1], at: start + .seconds(4.2), row) == nil && lookups == 2)
        #expect(try await look([1], at: start + .seconds(5.2), row) == row.id && lookups == 3)
        cache.forget()
        #expect(try await look([1], at: start + .seconds(5.2), nil) == nil && lookups == 4)
        // Revoked while it was looked up: what came back is not kept.
        _ = try await cache.key([2], now: start) { _ in
            cache.forget()
            return row
        }
        #expect(try await look([2], at: start, nil) == nil && lookups == 5)
        for number in 0..<(2 * KeyCache.capacity) {
            _ = try await look([UInt8(number >> 16), UInt8(number >> 8 & 255), UInt8(number & 255)], at: start, nil)
        }
    }

    @Test func `windows grow where there is little, shrink where there is much, and end with the time of a request`() {
        let (from, end) = (Timestamp("2026-06-01T00:00:00Z")!, Timestamp("2026-06-11T00:00:00Z")!)
        func read(_ time: Duration) -> (windows: [Duration], last: ScanWindows) {
            var (windows, lengths) = (ScanWindows(from: from, before: end), [Duration]())
            var before = end
            while let window = windows.window {
                #expect(window.before == before && window.from >= from && window.from < window.before)
                before = window.from
                lengths.append(window.before - window.from)
                windows.advance(readTook: time)
            }
            return (lengths, windows)
        }
        let quick = read(.milliseconds(1))
        #expect(quick.last.isDone && quick.windows.count < 20 && quick.windows.max() == ScanWindows.longest)
        let slow = read(.milliseconds(300))
        #expect(!slow.last.isDone && slow.windows.count == 4 && slow.windows.last! < slow.windows[0])
        #expect(ScanWindows(from: end, before: from).window == nil)
    }
}
