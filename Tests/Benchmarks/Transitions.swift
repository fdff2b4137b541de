import Flows
import Foundation
import Model

/// How many transitions of executions the reducer makes a second on one core: a stored state is read, an answer applied, the
/// next call claimed, and the state written. Pure: needs no servers.
struct Transitions {
    func run() throws -> [ResultRow] {
        try [3, 200].map { steps in
            ResultRow(
                scenario: "FLOW", what: "transitions a second of flows with \(steps) steps",
                value: "\(Int(try Transitions.perSecond(steps)))")
        }
    }

    /// A chain of calls, each of which uses the status of the one before.
    private static func plan(_ steps: Int) throws -> FlowPlan {
        let members = (0..<steps).map { number -> JSON.Member in
            let body: JSON = number == 0 ? "${inputs.n}" : .string("${s\(number - 1).status}")
            return JSON.Member("s\(number)", ["type": "http", "with": ["url": "http://127.0.0.1/", "body": body]])
        }
        let flow: JSON = ["inputs": ["n": "integer"], "steps": .object(members)]
        guard let plan = FlowPlan(try FlowDefinition(flow)) else { preconditionFailure("a flow of calls has a plan") }
        return plan
    }

    private static func perSecond(_ steps: Int) throws -> Double {
        let plan = try plan(steps)
        let context = FlowContext(
            plan: plan, inputs: ["n": .int(7)], seed: 1, binding: { _ in BindingTerms(id: 0) },
            bindingOfAttempt: { _ in BindingTerms(id: 0) })
        let now = Timestamp(seconds: 1_800_000_000)
        let worker = Identifier(high: 1, low: 2)
        guard let contract = StepContract.builtIn.first(where: { $0.name == "http" }) else {
            preconditionFailure("http is built in")
        }
        let outputs = try StepOutputs(checking: ["status": 200, "body": ["ok": true]], against: contract)
        var first = FlowState(of: plan, at: now)
        _ = first.apply(.started, context, now: now)
        _ = first.apply(.claimed(by: worker, limit: 1), context, now: now)
        let begun = first.encoded
        let begin = ContinuousClock.now
        let time = Duration.seconds(3)
        var (count, bytes, step) = (0, begun, 0)
        while ContinuousClock.now - begin < time {
            for _ in 0..<100 {
                if step == steps { (bytes, step) = (begun, 0) }
                var state = try FlowState(decoding: bytes, plan)
                _ = state.apply(
                    .answered(StepCall(step: step, attempt: 1), .succeeded(outputs)), context, now: now)
                _ = state.apply(.claimed(by: worker, limit: 1), context, now: now)
                bytes = state.encoded
                (count, step) = (count + 1, step + 1)
            }
        }
        return Double(count) / (ContinuousClock.now - begin).inSeconds
    }
}
