import Calls
import Model
import TestRandom
import Testing

@Suite struct TargetGateTests {
    private let start = ContinuousClock.now
    private var random = SystemRandomNumberGenerator()
    private var gate: TargetGate

    init() {
        var configuration = TargetGate.Configuration(perHost: 4, perTenant: 6)
        configuration.failuresToOpen = 3
        gate = TargetGate(configuration)
    }

    private mutating func admit(_ host: String, _ tenant: TenantID = "t", at time: Duration = .zero)
        -> TargetGate.Decision
    {
        gate.admit(host: host, tenant: tenant, at: start + time, using: &random)
    }
    private mutating func end(_ host: String, _ isAnswered: Bool?, _ tenant: TenantID = "t", at time: Duration = .zero)
    {
        gate.end(host: host, tenant: tenant, isAnswered: isAnswered, at: start + time)
    }
    private func reason(_ decision: TargetGate.Decision) -> TargetGate.Reason? {
        guard case .wait(let time, let reason) = decision else { return nil }
        #expect(time >= .milliseconds(250), "a release never spins")
        return reason
    }

    @Test mutating func `a host and a tenant have so many slots, and others have theirs`() {
        for _ in 0..<4 { #expect(admit("slow") == .go) }
        #expect(reason(admit("slow")) == .host)
        for _ in 0..<2 { #expect(admit("fast") == .go) }
        #expect(reason(admit("fast")) == .tenant)
        #expect(admit("fast", "other") == .go)
        end("slow", true)
        #expect(admit("slow") == .go)
    }

    @Test mutating func `a host that never answers is left alone, and tried with one call`() {
        for _ in 0..<3 {
            #expect(admit("dead") == .go)
            end("dead", false)
        }
        #expect(reason(admit("dead")) == .breaker && gate.openBreakers == 1)
        #expect(admit("alive") == .go)
        #expect(reason(admit("dead", at: .milliseconds(4_999))) == .breaker)
        #expect(admit("dead", at: .seconds(5)) == .go)
        #expect(reason(admit("dead", at: .seconds(5))) == .breaker, "one trial at a time")
        end("dead", false, at: .seconds(6))
        #expect(reason(admit("dead", at: .seconds(15))) == .breaker, "open twice as long")
        #expect(admit("dead", at: .seconds(16)) == .go)
        end("dead", true, at: .seconds(16))
        #expect(admit("dead", at: .seconds(16)) == .go && gate.openBreakers == 0)
    }

    @Test mutating func `an answer between failures keeps the breaker closed, also a bad one`() {
        for _ in 0..<10 {
            for answered in [false, false, true] {
                #expect(admit("flaky") == .go)
                end("flaky", answered)
            }
        }
    }

    @Test func `who is turned away is told before, and asking takes nothing`() {
        var gate = TargetGate(.init(perHost: 1, perTenant: 2))
        var random = SystemRandomNumberGenerator()
        let now = ContinuousClock.now
        #expect(gate.reasonToWait(host: "a", tenant: "x", at: now) == nil)
        #expect(gate.admit(host: "a", tenant: "x", at: now, using: &random) == .go)
        #expect(gate.reasonToWait(host: "a", tenant: "y", at: now) == .host)
        #expect(gate.reasonToWait(host: "b", tenant: "x", at: now) == nil)
        #expect(gate.admit(host: "b", tenant: "x", at: now, using: &random) == .go)
        #expect(gate.reasonToWait(host: "c", tenant: "x", at: now) == .tenant)
        gate.end(host: "a", tenant: "x", isAnswered: true, at: now)
        for _ in 0..<20 {
            #expect(gate.admit(host: "a", tenant: "z", at: now, using: &random) == .go)
            gate.end(host: "a", tenant: "z", isAnswered: false, at: now)
        }
        #expect(gate.reasonToWait(host: "a", tenant: "z", at: now) == .breaker)
        #expect(gate.reasonToWait(host: "a", tenant: "z", at: now + .seconds(6)) == nil)
    }

    @Test mutating func `a trial that we cancel says nothing, and another may be made`() {
        for _ in 0..<3 {
            _ = admit("dead")
            end("dead", false)
        }
        #expect(admit("dead", at: .seconds(5)) == .go)
        end("dead", nil, at: .seconds(5))
        #expect(admit("dead", at: .seconds(5)) == .go)
    }

    /// Takes slots until none is given; how many.
    private func fill(_ gate: inout TargetGate, host: String, tenant: TenantID, _ most: Int = 10_000) -> Int {
        var random = SystemRandomNumberGenerator()
        for count in 0..<most {
            guard case .go = gate.admit(host: host, tenant: tenant, at: start, using: &random) else { return count }
        }
        return most
    }

    @Test(arguments: [1, 2, 8, 9, 64, 1_024]) func `a tenant alone gets nearly all slots`(slots: Int) {
        var gate = TargetGate(.init(perHost: slots, perTenant: slots, slots: slots))
        let taken = fill(&gate, host: "h", tenant: "t")
        #expect(taken >= slots * 8 / 9 && taken <= slots)
        #expect(taken == slots || gate.reasonToWait(host: "h", tenant: "t", at: start) == .host)
    }

    @Test func `calls that hold their slots leave room for others, tenants and hosts`() {
        for hogs in 1...25 {
            var gate = TargetGate(.init(perHost: 1_024, perTenant: 1_024, slots: 1_024))
            let first = fill(&gate, host: "h0", tenant: "t0")
            for hog in 1..<max(2, hogs) { _ = fill(&gate, host: "h\(hog)", tenant: TenantID(checked: "t\(hog)")) }
            #expect(first > 900 && fill(&gate, host: "quiet", tenant: "quiet") >= 1, "after \(hogs)")
            #expect(gate.reasonToWait(host: "h0", tenant: "other", at: start) == .host, "whoever calls it")
            #expect(gate.reasonToWait(host: "other", tenant: "t0", at: start) == .tenant, "wherever it calls")
        }
    }

    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func `no walk gives more slots than there are, or refuses one to who holds none while one is free`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var gate = TargetGate(.init(perHost: 60, perTenant: 60, slots: 60))
        var open: [(host: String, tenant: TenantID)] = []
        for step in 0..<3_000 {
            if Int.random(in: 0..<5, using: &random) < 2, !open.isEmpty {
                let call = open.remove(at: Int.random(in: open.indices, using: &random))
                gate.end(host: call.host, tenant: call.tenant, isAnswered: true, at: start)
                continue
            }
            let host = "h\(Int.random(in: 0..<6, using: &random))"
            let call = (host, TenantID(checked: "t\(Int.random(in: 0..<6, using: &random))"))
            let isNew = !open.contains { $0.host == call.0 || $0.tenant == call.1 }
            let isTurnedAway = gate.reasonToWait(host: call.0, tenant: call.1, at: start) != nil
            let isAdmitted = gate.admit(host: call.0, tenant: call.1, at: start, using: &random) == .go
            #expect(isAdmitted != isTurnedAway, "seed \(seed), step \(step)")
            if isNew, open.count < 60 { #expect(isAdmitted, "seed \(seed), step \(step)") }
            if isAdmitted { open.append(call) }
            #expect(open.count <= 60, "seed \(seed), step \(step)")
        }
    }

    @Test func `who is turned away is asked again the later, the more wait`() {
        var gate = TargetGate(.init(perHost: 90, perTenant: 90, slots: 90))
        var random = SystemRandomNumberGenerator()
        let taken = fill(&gate, host: "h", tenant: "t")
        var waits: [Duration] = []
        for _ in 0..<20_000 {
            if case .wait(let time, _) = gate.admit(host: "h", tenant: "t", at: start, using: &random) {
                waits.append(time)
            }
        }
        #expect(taken == 80 && waits.count == 20_000 && waits[0] <= .milliseconds(260))
        for second in 1..<30 {
            let range = Duration.seconds(second)..<(.seconds(second + 1))
            #expect(waits.lazy.filter { range.contains($0) }.count == 200, "second \(second)")
        }
        #expect(waits.allSatisfy { $0 <= .seconds(60) })
        for _ in 0..<12 { gate.end(host: "h", tenant: "t", isAnswered: true, at: start) }
        #expect(fill(&gate, host: "h", tenant: "t") >= 10, "what is free is given again")
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `no walk lets more through than the limits, or forgets a place`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var gate = TargetGate(.init(perHost: 3, perTenant: 5))
        var open: [(host: String, tenant: TenantID)] = []
        var now = ContinuousClock.now
        for step in 0..<2_000 {
            now += .milliseconds(Int64.random(in: 0...900, using: &random))
            if Bool.random(using: &random), !open.isEmpty {
                let call = open.remove(at: Int.random(in: open.indices, using: &random))
                gate.end(
                    host: call.host, tenant: call.tenant,
                    isAnswered: [true, false, nil].randomElement(using: &random)!,
                    at: now)
            } else {
                let host = "h\(Int.random(in: 0..<3, using: &random))"
                let call = (host, TenantID(checked: "t\(Int.random(in: 0..<2, using: &random))"))
                if gate.admit(host: call.0, tenant: call.1, at: now, using: &random) == .go { open.append(call) }
            }
            for host in ["h0", "h1", "h2"] {
                #expect(open.filter { $0.host == host }.count <= 3, "seed \(seed), step \(step)")
            }
            for tenant: TenantID in ["t0", "t1"] {
                #expect(open.filter { $0.tenant == tenant }.count <= 5, "seed \(seed), step \(step)")
            }
        }
        for call in open { gate.end(host: call.host, tenant: call.tenant, isAnswered: true, at: now) }
        for host in ["h0", "h1", "h2"] {
            #expect(gate.admit(host: host, tenant: "t9", at: now + .seconds(61), using: &random) == .go)
        }
    }
}
