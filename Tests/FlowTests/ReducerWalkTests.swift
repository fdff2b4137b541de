import Flows
import Model
import TestRandom
import Testing

/// A random flow of `http` steps and waits, in which steps wait for earlier ones.
func randomFlow(_ random: inout SeededGenerator) throws -> FlowPlan {
    var steps: [JSON.Member] = []
    for number in 0..<Int.random(in: 1...7, using: &random) {
        var fields: [JSON.Member] = []
        var with: JSON = ["url": "http://127.0.0.1/", "body": ["n": .integer(number)]]
        if Int.random(in: 0..<6, using: &random) == 0 {
            fields.append(JSON.Member("type", "wait"))
            with = ["for": .string("\(Int.random(in: 0...20, using: &random))s")]
        } else {
            fields.append(JSON.Member("type", "http"))
            let retries: JSON = ["maxAttempts": .integer(Int.random(in: 1...3, using: &random)), "initial": "2s"]
            if Bool.random(using: &random) { fields.append(JSON.Member("retry", retries)) }
            if Int.random(in: 0..<4, using: &random) == 0 { fields.append(JSON.Member("totalTimeout", "90s")) }
            if Bool.random(using: &random) { fields.append(JSON.Member("timeout", "60s")) }
            if Int.random(in: 0..<3, using: &random) == 0 { fields.append(JSON.Member("onError", "continue")) }
            if number > 0, Bool.random(using: &random) {
                let earlier = Int.random(in: 0..<number, using: &random)
                with = [
                    "url": "http://127.0.0.1/", "body": .string("${s\(earlier).status ?? 0}"),
                ]
                if isWait(steps[earlier]) { with = ["url": "http://127.0.0.1/"] }
            }
        }
        fields.append(JSON.Member("with", with))
        let after = (0..<number).filter { _ in Int.random(in: 0..<3, using: &random) == 0 }
        fields.append(JSON.Member("after", .array(after.map { .string("s\($0)") })))
        if Int.random(in: 0..<4, using: &random) == 0 { fields.append(JSON.Member("when", "inputs.level > 1")) }
        steps.append(JSON.Member("s\(number)", .object(fields)))
    }
    var flow: [JSON.Member] = [
        JSON.Member("inputs", ["level": "integer"]), JSON.Member("steps", .object(steps)),
    ]
    if Int.random(in: 0..<5, using: &random) == 0 { flow.append(JSON.Member("timeout", "5m")) }
    let definition = try FlowDefinition(.object(flow))
    #expect(FlowChecker(definition).mistakes == [])
    return try #require(FlowPlan(definition))
}

private func isWait(_ member: JSON.Member) -> Bool { member.value["type"]?.text == "wait" }

/// An execution with the remote systems that it calls, as far as the reducer can tell.
struct Walk {
    let context: FlowContext
    var state: FlowState
    var now = Timestamp(seconds: 1_800_000_000)
    var calls: [StepCall] = []
    var issued: [StepCall: Int] = [:]
    var lost: [StepCall: Int] = [:]
    var finishes = 0
    var retries = 0
    var history: [HistoryEvent] = []
    let plan: FlowPlan

    init(_ plan: FlowPlan, level: Int64 = 2, hasCancel: Bool = true, seed: UInt64 = 1) {
        let terms = BindingTerms(
            id: 7, hasCancel: hasCancel, startTimeout: .seconds(30), heartbeatTimeout: .seconds(40))
        self.plan = plan
        context = FlowContext(
            plan: plan, inputs: ["level": .int(level)], seed: seed, binding: { _ in terms },
            bindingOfAttempt: { $0 == 7 ? terms : nil })
        state = FlowState(of: plan, at: now)
    }

    static let worker = Identifier(high: 5, low: 6)

    /// Applies an event to the state as it was stored, and checks what must hold after every event.
    @discardableResult
    mutating func apply(_ event: FlowEvent) throws -> [FlowDirective] {
        let before = state
        state = try FlowState(decoding: state.encoded, plan)
        #expect(state == before)
        let directives = state.apply(event, context, now: now)
        for directive in directives {
            switch directive {
            case .invoke(let call):
                issued[call, default: 0] += 1
                calls.append(call)
                #expect(issued[call]! <= 1 + (lost[call] ?? 0), "\(call) was issued twice")
            case .finish: finishes += 1
            case .record(let event): history.append(event)
            case .cancel, .keep: break
            }
        }
        if case .retried = event {
        } else if before.isEnded {
            #expect(state == before, "an ended state has changed")
        }
        #expect(finishes == retries + (state.isEnded ? 1 : 0))
        // Nothing can be stuck without a reason.
        #expect(state.isEnded || state.isPaused || state.nextWake(after: now) != nil, "\(state)")
        return directives
    }

    static func outputs(_ status: Int) throws -> StepOutputs {
        try StepOutputs(checking: ["status": .integer(status), "body": ["ok": true]], against: .http)
    }

    mutating func randomEvent(_ random: inout SeededGenerator) throws {
        let call = calls.randomElement(using: &random)
        let failure = StepFailure(
            [.user, .platform, .platform, .timeout].randomElement(using: &random)!, "the target answered 503")
        switch Int.random(in: 0..<15, using: &random) {
        case 0...2: try apply(.claimed(by: Walk.worker, limit: Int.random(in: 1...3, using: &random)))
        case 3...5: if let call { try apply(.answered(call, .succeeded(Walk.outputs(200)))) }
        case 6: if let call { try apply(.answered(call, .accepted)) }
        case 7: if let call { try apply(.answered(call, .failed(failure))) }
        case 8:
            let reports: [StepReport] = [
                .running, .progress(.map(["loss": .double(0.5)])), .succeeded(try Walk.outputs(201)), .failed(failure),
            ]
            if let call { try apply(.reported(call, reports.randomElement(using: &random)!)) }
        case 9:
            if let wake = state.nextWake(after: now) { now = max(now, wake) }
            try apply(.timeReached)
        case 10:
            now = now + .milliseconds(Int64.random(in: 0...20_000, using: &random))
            try apply(.timeReached)
        case 11:
            if let (call, _) = state.claims.randomElement(using: &random) {
                lost[call, default: 0] += 1
                try apply(.claimLost(call))
            }
        case 12: try apply(Bool.random(using: &random) ? .pauseRequested : .resumed)
        case 13:
            if Int.random(in: 0..<8, using: &random) == 0 { try apply(.cancelRequested) }
            if let call { try apply(.cancelAnswered(call, isConfirmed: Bool.random(using: &random))) }
        default:
            if state.isEnded, state.outcome != .succeeded, retries < 2 {
                retries += 1
                let first = Bool.random(using: &random) ? nil : plan.steps.indices.randomElement(using: &random)
                try apply(.retried(from: first))
            } else {
                try apply(.started)
            }
        }
    }

    /// Lets everything succeed until the execution has ended.
    mutating func complete() throws {
        for _ in 0..<200 where !state.isEnded {
            try apply(.resumed)
            try apply(.claimed(by: Walk.worker, limit: 100))
            for (number, step) in state.steps.enumerated() {
                let call = StepCall(step: number, attempt: step.attempt)
                if case .claimed = step.phase { try apply(.answered(call, .succeeded(Walk.outputs(200)))) }
                if case .accepted = step.phase { try apply(.reported(call, .succeeded(Walk.outputs(200)))) }
            }
            if let wake = state.nextWake(after: now) { now = max(now, wake) }
            try apply(.timeReached)
        }
    }
}

extension StepContract {
    static let http = builtIn.first { $0.name == "http" }!
}

struct ReducerWalkTests {
    @Test(arguments: 0..<300)
    func
        `whatever happens in whatever order, an execution is never stuck, calls are issued once an attempt, and it ends`(
            seed: Int
        ) throws
    {
        var random = SeededGenerator(seed: UInt64(seed))
        var walk = Walk(try randomFlow(&random), level: Int64(seed % 3), hasCancel: seed % 2 == 0, seed: UInt64(seed))
        try walk.apply(.started)
        for _ in 0..<60 { try walk.randomEvent(&random) }
        try walk.complete()
        #expect(walk.state.isEnded, "seed \(seed): \(walk.state)")
    }

    @Test(arguments: 0..<200)
    func `answers of different steps, any number of times and in any order, reach the same state`(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed) + 10_000)
        var walk = Walk(try randomFlow(&random))
        try walk.apply(.started)
        for _ in 0..<8 where !walk.state.isEnded {
            try walk.apply(.claimed(by: Walk.worker, limit: 100))
            var events = try walk.state.claims.map { call, _ -> FlowEvent in
                // A failure that ends the flow counts by its order.
                let mayFail = walk.plan.steps[call.step].definition.onError == .continue
                if mayFail, Bool.random(using: &random) {
                    return .answered(call, .failed(StepFailure(.platform, "503")))
                }
                return .answered(call, .succeeded(try Walk.outputs(200)))
            }
            events += events.filter { _ in Bool.random(using: &random) }
            var other = walk
            for event in events { try walk.apply(event) }
            for event in events.shuffled(using: &random) { try other.apply(event) }
            #expect(walk.state.encoded == other.state.encoded, "seed \(seed)")
            if let wake = walk.state.nextWake(after: walk.now) { walk.now = max(walk.now, wake) }
            try walk.apply(.timeReached)
        }
    }
}
