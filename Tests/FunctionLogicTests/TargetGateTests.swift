import Model
import TestRandom
import Testing
import TriggerWorkerFunction

@Suite struct TargetGateTests {
    private let start = ContinuousClock.now
    private var random = SystemRandomNumberGenerator()
    private var gate: TargetGate

    init() {
        var configuration = TargetGate.Configuration(perHost: 4, perTenant: 6)
        configuration.failuresToOpen = 3
        gate = TargetGate(configuration)
    }

    private mutating func admit(_ host: String, _ tenant: String = "t", at time: Duration = .zero)
        -> TargetGate.Decision
    {
        gate.admit(host: host, tenant: tenant, at: start + time, using: &random)
    }
    private mutating func end(_ host: String, _ isAnswered: Bool?, _ tenant: String = "t", at time: Duration = .zero) {
        gate.end(host: host, tenant: tenant, isAnswered: isAnswered, at: start + time)
    }
    private func reason(_ decision: TargetGate.Decision) -> TargetGate.Reason? {
        guard case .wait(let time, let reason) = decision else { return nil }
        #expect(time >= .milliseconds(250), "a release never spins")
        return reason
    }

    @Test mutating func `a host and a tenant have so many places, and others have theirs`() {
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
        #expect(gate.turnsAway(host: "a", tenant: "x", at: now) == nil)
        #expect(gate.admit(host: "a", tenant: "x", at: now, using: &random) == .go)
        #expect(gate.turnsAway(host: "a", tenant: "y", at: now) == .host)
        #expect(gate.turnsAway(host: "b", tenant: "x", at: now) == nil)
        #expect(gate.admit(host: "b", tenant: "x", at: now, using: &random) == .go)
        #expect(gate.turnsAway(host: "c", tenant: "x", at: now) == .tenant)
        gate.end(host: "a", tenant: "x", isAnswered: true, at: now)
        for _ in 0..<20 {
            #expect(gate.admit(host: "a", tenant: "z", at: now, using: &random) == .go)
            gate.end(host: "a", tenant: "z", isAnswered: false, at: now)
        }
        #expect(gate.turnsAway(host: "a", tenant: "z", at: now) == .breaker)
        #expect(gate.turnsAway(host: "a", tenant: "z", at: now + .seconds(6)) == nil)
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

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `no walk lets more through than the limits, or forgets a place`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var gate = TargetGate(.init(perHost: 3, perTenant: 5))
        var open: [(host: String, tenant: String)] = []
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
                let call = ("h\(Int.random(in: 0..<3, using: &random))", "t\(Int.random(in: 0..<2, using: &random))")
                if gate.admit(host: call.0, tenant: call.1, at: now, using: &random) == .go { open.append(call) }
            }
            for host in ["h0", "h1", "h2"] {
                #expect(open.filter { $0.host == host }.count <= 3, "seed \(seed), step \(step)")
            }
            for tenant in ["t0", "t1"] {
                #expect(open.filter { $0.tenant == tenant }.count <= 5, "seed \(seed), step \(step)")
            }
        }
        for call in open { gate.end(host: call.host, tenant: call.tenant, isAnswered: true, at: now) }
        for host in ["h0", "h1", "h2"] {
            #expect(gate.admit(host: host, tenant: host, at: now + .seconds(61), using: &random) == .go)
        }
    }
}
