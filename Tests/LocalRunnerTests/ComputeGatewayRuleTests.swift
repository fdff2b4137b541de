import Model
import Testing

@testable import ComputeGateway

/// What is decided without a socket: places, cancels, repeats, faults and callbacks.
@Suite struct ComputeGatewayRuleTests {
    private func work(_ key: String, _ stepID: String = "e/train", fault: Fault? = nil) -> Work {
        Work(key: key, stepID: stepID, step: .train, inputs: StepInputs([:]), callback: "http://a", fault: fault)
    }

    @Test func `eight works compute at once, and the others follow in their order`() {
        var table = WorkTable()
        let begun = (0..<11).map { table.add(work("e\($0)/train/1", "e\($0)/train")) }
        #expect(begun == Array(repeating: true, count: 8) + [false, false, false])
        #expect(table.running == 8 && table.queued == 3)
        let first = table.ended("e3/train/1").next?.key
        let cancelled = table.cancel(stepID: "e9/train", upTo: nil).over.map(\.key)
        let second = table.ended("e0/train/1").next?.key
        let third = table.ended("e1/train/1").next?.key
        #expect(first == "e8/train/1" && cancelled == ["e9/train/1"] && second == "e10/train/1" && third == nil)
        #expect(table.running == 7 && table.queued == 0)
    }

    @Test func `a repeat while the result is posted has it posted once more`() {
        var table = WorkTable()
        _ = table.add(work("e/train/1"))
        let early = table.find("e/train/1", callback: "http://b")
        let isCancelled = table.ended("e/train/1").isCancelled
        let late = table.find("e/train/1", callback: "http://c")
        #expect(early == .running && !isCancelled && late == .ended)
        let again = [table.reported("e/train/1"), table.reported("e/train/1")]
        let over = table.find("e/train/1", callback: "http://d")
        #expect(again == ["http://c", nil] && over == .unknown)
    }

    @Test func `a late cancel of one attempt spares the next`() {
        var table = WorkTable()
        _ = table.add(work("e/train/1"))
        _ = table.add(work("e/train/2"))
        _ = table.add(work("f/train/1", "f/train"))
        let stopped = (1...2).map { _ in table.cancel(stepID: "e/train", upTo: 1).stopped.map(\.key) }
        #expect(stopped == [["e/train/1"], []])
        let areCancelled = ["e/train/1", "f/train/1"].map { table.ended($0).isCancelled }
        #expect(areCancelled == [true, false])
        let rest = table.cancel(stepID: "e/train", upTo: nil).stopped.map(\.key)
        #expect(rest == ["e/train/2"])
    }

    @Test(
        arguments: [
            ("e/train/3", 3), ("e/train/12/cancel", 12), ("e/train/", nil), ("e/train/x", nil), ("f/train/3", nil),
            ("e/train", nil),
        ] as [(String, Int?)])
    func `a key names its attempt`(key: String, attempt: Int?) {
        #expect(Work.attempt(ofKey: key, stepID: "e/train") == attempt)
    }

    @Test func `a vanished work takes no place, and goes when it is cancelled`() {
        var table = WorkTable()
        let isBegun = table.add(work("e/train/1", fault: .vanish))
        let repeated = table.find("e/train/1", callback: "")
        #expect(!isBegun && repeated == .running && table.running == 0)
        let over = table.cancel(stepID: "e/train", upTo: 1).over.map(\.key)
        #expect(over == ["e/train/1"])
    }

    @Test func `a fault with a tenant goes before one without, and is used up`() {
        var table = FaultTable()
        _ = table.set(FaultRule(step: .train, fault: .slow(.seconds(1))))
        _ = table.set(FaultRule(step: .train, tenant: "acme", fault: .fail, times: 2))
        let acme = ["file:///data/acme.csv"]
        let other = [
            table.fault(.evaluate, uris: acme), table.fault(.train, uris: ["file:///data/globex.csv"]),
        ]
        #expect(other == [nil, .slow(.seconds(1))])
        let faults = (0..<3).map { _ in table.fault(.train, uris: acme) }
        #expect(faults == [.fail, .fail, .slow(.seconds(1))])
        _ = table.set(FaultRule(step: .train, fault: .refuse, times: 1))
        let refusals = (0..<2).map { _ in table.refuses(.train, uris: acme) }
        #expect(refusals == [true, false])
    }

    @Test func `a normal rule takes away that of its tenant, or all of its step`() {
        var table = FaultTable()
        for tenant in [nil, "acme", "globex"] { _ = table.set(FaultRule(step: .train, tenant: tenant, fault: .fail)) }
        _ = table.set(FaultRule(step: .evaluate, fault: .fail))
        _ = table.set(FaultRule(step: .train, tenant: "acme", fault: nil))
        #expect(table.rules.map(\.tenant) == [nil, "globex", nil])
        _ = table.set(FaultRule(step: .train, fault: nil))
        #expect(table.rules == [FaultRule(step: .evaluate, fault: .fail)])
        let areSet = (0..<FaultTable.limit).map { table.set(FaultRule(step: .train, tenant: "\($0)", fault: .fail)) }
        #expect(areSet == Array(repeating: true, count: FaultTable.limit - 1) + [false])
    }

    @Test(arguments: [
        (#"{"step": "fly", "mode": "slow"}"#, "transform, train"), (#"{"step": "train"}"#, "vanish"),
        (#"{"step": "train", "mode": "slow", "delay": "soon"}"#, "/delay"),
        (#"{"step": "train", "mode": "fail", "times": 0}"#, "/times"),
        (#"{"step": "train", "mode": "fail", "often": 1}"#, "/often"),
    ])
    func `a mistake in a fault is named`(body: String, part: String) throws {
        let body = try JSON(parsing: body)
        let error = #expect(throws: FieldErrors.self) { try FaultRule(body) }
        #expect(error?.description.contains(part) == true, "\(error as Any)")
    }

    @Test func `callbacks are sent again after 0.2 s, doubling to 5 s, for two minutes`() {
        var backoff = CallbackBackoff()
        let delays = (0..<7).map { _ in backoff.next(age: .zero) }
        #expect(delays == [200, 400, 800, 1_600, 3_200, 5_000, 5_000].map { .milliseconds($0) })
        let last = [backoff.next(age: .seconds(119)), backoff.next(age: .seconds(120))]
        #expect(last == [.seconds(5), nil])
    }

    @Test(
        arguments: [
            (200, .delivered), (204, .delivered), (404, .refused), (410, .refused), (301, .refused), (500, .again),
            (503, .again), (429, .again),
        ] as [(Int, CallbackBackoff.Verdict)])
    func `an answer of 4xx ends a callback, unless it says later`(status: Int, verdict: CallbackBackoff.Verdict) {
        #expect(CallbackBackoff.verdict(status: status) == verdict)
    }
}
