import Lambda
import Model
import Testing

@Suite struct ConcurrencyLedgerTests {
    private let start = Timestamp(seconds: 1_790_000_000)

    /// Admits as many as it can, and returns how many they were and why the next one was not.
    private func fill(
        _ ledger: inout ConcurrencyLedger, _ function: String, reserved: Int?, reservedSum: Int
    ) -> (Int, LambdaError?) {
        for count in 0...2_000 {
            if let error = ledger.admit(function, reserved: reserved, reservedSum: reservedSum) {
                return (count, error)
            }
        }
        return (2_001, nil)
    }

    @Test("row 40: functions without a reservation share what is not reserved of 1,000")
    func shared() {
        for (sum, limit) in [(0, 1_000), (300, 700), (900, 100)] {
            var ledger = ConcurrencyLedger()
            #expect(ledger.admit("b", reserved: nil, reservedSum: sum) == nil)
            let (count, error) = fill(&ledger, "a", reserved: nil, reservedSum: sum)
            #expect(count == limit - 1, "with \(sum) reserved")
            #expect(error == .throttled("ConcurrentInvocationLimitExceeded"))
            #expect(error?.status == 429 && error?.type == "TooManyRequestsException")
            #expect(error?.message == "Rate Exceeded." && error?.reason == "ConcurrentInvocationLimitExceeded")
            ledger.release("b")
            #expect(ledger.admit("a", reserved: nil, reservedSum: sum) == nil)
            #expect(ledger.running == limit && ledger.running("a") == limit && ledger.running("b") == 0)
        }
    }

    @Test(
        "row 40: a reservation is a function's own and its limit, and 0 throttles always", arguments: [0, 1, 20, 900])
    func reserved(limit: Int) {
        var ledger = ConcurrencyLedger()
        #expect(fill(&ledger, "b", reserved: nil, reservedSum: limit).0 == 1_000 - limit)
        let (count, error) = fill(&ledger, "a", reserved: limit, reservedSum: limit)
        #expect(count == limit, "the others have used all that is not reserved")
        #expect(error == .throttled("ReservedFunctionConcurrentInvocationLimitExceeded"))
        #expect(fill(&ledger, "b", reserved: nil, reservedSum: limit).0 == 0)
    }

    @Test("a reservation that comes or goes while invocations run counts each of them once")
    func changes() {
        var ledger = ConcurrencyLedger()
        for _ in 1...5 { #expect(ledger.admit("a", reserved: nil, reservedSum: 0) == nil) }
        #expect(ledger.admit("a", reserved: 5, reservedSum: 5) != nil, "those that run fill the reservation")
        ledger.release("a")
        #expect(ledger.admit("a", reserved: 5, reservedSum: 5) == nil)
        #expect(ledger.running("a") == 5)
        for _ in 1...5 { ledger.release("a") }
        #expect(ledger.running == 0)
        #expect(fill(&ledger, "b", reserved: nil, reservedSum: 0).0 == 1_000, "nothing is counted that has ended")
    }

    @Test("a function gets at most 1,000 new environments in any 10 s")
    func burst() {
        var ledger = ConcurrencyLedger()
        for number in 0..<1_000 {
            #expect(ledger.startEnvironment("a", now: start + .milliseconds(5 * number)) == nil)
        }
        let refusal = LambdaError.throttled("FunctionInvocationRateLimitExceeded")
        #expect(ledger.startEnvironment("a", now: start + .seconds(5)) == refusal)
        #expect(ledger.startEnvironment("b", now: start + .seconds(5)) == nil, "another function")
        #expect(ledger.startEnvironment("a", now: start + .milliseconds(9_999)) == refusal)
        #expect(ledger.startEnvironment("a", now: start + .seconds(10)) == nil, "the first is 10 s old")
        #expect(ledger.startEnvironment("a", now: start + .seconds(10)) == refusal, "and the second is not")
        #expect(ledger.startEnvironment("a", now: start + .milliseconds(10_005)) == nil)
    }

    @Test("in a random walk never more runs than is allowed, and all that is released is free again", arguments: 1...20)
    func walk(seed: UInt64) {
        var state = seed &* 0x9E37_79B9_7F4A_7C15
        func random(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
        let reservations: [String: Int?] = ["a": 3, "b": nil, "c": nil, "d": 897, "e": 0]
        var ledger = ConcurrencyLedger()
        var model: [String: Int] = [:]
        for _ in 1...3_000 {
            let name = ["a", "b", "c", "d", "e"][random(5)]
            if random(4) == 0, model[name, default: 0] > 0 {
                ledger.release(name)
                model[name, default: 0] -= 1
            } else {
                let count = model[name, default: 0]
                let shared = model["b", default: 0] + model["c", default: 0]
                let expected = reservations[name]!.map { count < $0 } ?? (shared < 100)
                let isAdmitted = ledger.admit(name, reserved: reservations[name]!, reservedSum: 900) == nil
                #expect(isAdmitted == expected, "seed \(seed), \(name), \(model)")
                if isAdmitted { model[name, default: 0] += 1 }
            }
        }
        #expect(ledger.running == model.values.reduce(0, +), "seed \(seed)")
    }
}
