import Flows
import Model

/// An execution that is played by itself: one worker that never dies, and no time between an event and its transition.
struct FlowReferenceRun {
    private struct Item: Comparable {
        var time: Timestamp
        var number: Int
        var event: FlowEvent

        static func < (left: Item, right: Item) -> Bool { (left.time, left.number) < (right.time, right.number) }
        static func == (left: Item, right: Item) -> Bool { left.number == right.number }
    }

    private let id: ExecutionID
    private let plan: FlowPlan
    private let context: FlowContext
    private let completion: (StepContract) -> FlowBinding.Completion
    private var state: FlowState
    private var now: Timestamp
    private var agenda = Heap<Item>()
    private var scheduled = 0
    private static let worker = Identifier(high: 1, low: 1)

    /// Whether an attempt took too long.
    private var hasTimeout = false

    /// How the execution ends, and whether an attempt took too long.
    static func result(
        of id: ExecutionID, _ plan: FlowPlan, _ context: FlowContext, at start: Timestamp,
        completion: @escaping (StepContract) -> FlowBinding.Completion
    ) -> (outcome: FlowOutcome?, hasTimeout: Bool) {
        var run = FlowReferenceRun(id, plan, context, start, completion)
        run.play()
        return (run.state.outcome, run.hasTimeout)
    }

    private init(
        _ id: ExecutionID, _ plan: FlowPlan, _ context: FlowContext, _ start: Timestamp,
        _ completion: @escaping (StepContract) -> FlowBinding.Completion
    ) {
        self.id = id
        self.plan = plan
        self.context = context
        self.completion = completion
        now = start
        state = FlowState(of: plan, at: start)
    }

    private mutating func play() {
        apply(.started)
        apply(.claimed(by: FlowReferenceRun.worker, limit: .max))
        while !state.isEnded {
            // This worker never dies: nobody looks after its claims.
            let due = state.nextWake(after: .distantFuture).flatMap { $0 < .distantFuture ? $0 : nil }
            guard let next = [due, agenda.first?.time].compactMap(\.self).min() else { return }
            now = max(now, next)
            while let item = agenda.first, item.time <= now {
                _ = agenda.popFirst()
                apply(item.event)
            }
            apply(.timeReached)
            apply(.claimed(by: FlowReferenceRun.worker, limit: .max))
        }
    }

    private mutating func apply(_ event: FlowEvent) {
        for directive in state.apply(event, context, now: now) {
            if case .record(let event) = directive, event.isTimeout { hasTimeout = true }
            guard case .invoke(let call) = directive else { continue }
            let contract = plan.steps[call.step].contract
            let work = FlowGateway.plan(
                .init(execution: id, call: call), contract, completion: completion(contract))
            schedule(.answered(call, work.answer), after: work.answerAfter)
            for (after, report) in work.reports { schedule(.reported(call, report.report(contract)), after: after) }
        }
    }

    private mutating func schedule(_ event: FlowEvent, after delay: Duration) {
        scheduled += 1
        agenda.insert(Item(time: now + delay, number: scheduled, event: event))
    }
}

extension HistoryEvent {
    /// It says that something took too long.
    var isTimeout: Bool { detail?.hasPrefix("timeout: ") ?? false }
}
