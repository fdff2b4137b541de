import Flows
import Model

/// One execution while it is played, in virtual time.
///
/// It does what a step-worker does around the reducer: at each instant it applies what users ask for and callbacks, then
/// answers, then time; then a worker claims all calls that can be made. Then it jumps to the next instant at which
/// anything is due.
struct CaseRun {
    let flowCase: FlowCase
    let plan: FlowPlan
    private let mostTransitions: Int
    let context: FlowContext
    var state: FlowState
    var now: Timestamp
    var agenda = Heap<CaseAgendaItem>()
    var result = FlowCaseResult()
    private var transitions = 0
    private var scheduled = 0
    private var openEvents = 0
    /// Attempts that the remote system no longer works on.
    private var ended: Set<StepCall> = []

    private static let worker = Identifier(high: 1, low: 1)

    /// Plays a case to its end.
    static func result(of flowCase: FlowCase, _ plan: FlowPlan, mostTransitions: Int) -> FlowCaseResult {
        var run = CaseRun(flowCase, plan, mostTransitions)
        run.play()
        run.conclude()
        return run.result
    }

    private init(_ flowCase: FlowCase, _ plan: FlowPlan, _ mostTransitions: Int) {
        self.mostTransitions = mostTransitions
        self.flowCase = flowCase
        self.plan = plan
        context = CaseRun.context(flowCase, plan)
        now = flowCase.startAt
        state = FlowState(of: plan, at: flowCase.startAt)
    }

    private static func context(_ flowCase: FlowCase, _ plan: FlowPlan) -> FlowContext {
        let types = Set(plan.steps.map(\.contract.name)).subtracting(["http"]).sorted()
        var terms: [Int: BindingTerms] = [FlowBinding.httpID: MockBinding.http.terms(id: FlowBinding.httpID)]
        var ids = ["http": FlowBinding.httpID]
        for (index, type) in types.enumerated() {
            ids[type] = index + 1
            terms[index + 1] = (flowCase.bindings[type] ?? .standard).terms(id: index + 1)
        }
        let (allTerms, allIDs) = (terms, ids)
        return FlowContext(
            plan: plan, inputs: flowCase.inputs.forReducer, seed: 1,
            binding: { contract in allIDs[contract.name].flatMap { allTerms[$0] } },
            bindingOfAttempt: { allTerms[$0] })
    }

    // MARK: Time

    private mutating func play() {
        for event in flowCase.events {
            schedule(.event(event), at: flowCase.startAt + event.at)
            openEvents += 1
        }
        apply(.started)
        claim()
        while result.problem == nil, !(state.isEnded && openEvents == 0), let next = nextInstant {
            now = max(now, next)
            while result.problem == nil, let item = agenda.first, item.time <= now {
                _ = agenda.popFirst()
                perform(item)
            }
            apply(.timeReached)
            claim()
        }
    }

    private var nextInstant: Timestamp? {
        // The worker of a case never dies: nobody has to look after its claims, which are the only instants that depend
        // on the time that is given.
        let due = state.nextWake(after: .distantFuture).flatMap { $0 < .distantFuture ? $0 : nil }
        guard let item = agenda.first?.time else { return due }
        return due.map { min($0, item) } ?? item
    }

    mutating func schedule(_ content: CaseAgendaItem.Content, at time: Timestamp) {
        scheduled += 1
        agenda.insert(CaseAgendaItem(time: time, number: scheduled, content: content))
    }

    private mutating func perform(_ item: CaseAgendaItem) {
        switch item.content {
        case .event(let event):
            openEvents -= 1
            apply(event)
        case .report(let call, let report): if !ended.contains(call) { apply(.reported(call, report)) }
        case .answer(let call, let answer): if !ended.contains(call) { apply(.answered(call, answer)) }
        case .cancelAnswer(let call): apply(.cancelAnswered(call, isConfirmed: true))
        }
    }

    private mutating func apply(_ event: CaseEvent) {
        switch event.kind {
        case .pause: apply(.pauseRequested)
        case .resume: apply(.resumed)
        case .cancel: apply(.cancelRequested)
        case .retry(let first):
            guard let outcome = state.outcome, outcome != .succeeded else {
                let found = state.outcome.map { "has \($0)" } ?? "has not ended"
                result.problem =
                    "the retry at \(event.at.text) is refused: the execution \(found); only a failed or cancelled one can be retried"
                return
            }
            apply(.retried(from: first))
        }
    }

    // MARK: The reducer

    private mutating func apply(_ event: FlowEvent) {
        if transitions == mostTransitions {
            result.problem = result.problem ?? "it has not ended after \(transitions) transitions\(stuck)"
            return
        }
        transitions += 1
        for directive in state.apply(event, context, now: now) {
            switch directive {
            case .invoke(let call): invoke(call)
            case .cancel(let call): cancel(call)
            case .record(let event): result.coverage.add(event)
            case .finish: result.duration = now - flowCase.startAt
            case .keep: break
            }
        }
    }

    private mutating func claim() {
        // A worker asks at every instant; whether there is anything to call is for the reducer to say.
        repeat {
            apply(.claimed(by: CaseRun.worker, limit: .max))
        } while state.hasCallsToMake && result.problem == nil
    }

    private mutating func cancel(_ call: StepCall) {
        result.cancels.append(FlowCaseResult.Call(call: call, at: now - flowCase.startAt, inputs: []))
        guard MockBinding.of(plan.steps[call.step].contract, in: flowCase.bindings).cancel == .confirmed else { return }
        ended.insert(call)
        schedule(.cancelAnswer(call), at: now)
    }

    // MARK: The end

    private mutating func conclude() {
        result.state = state
        result.coverage.add(state)
        if state.outcome == .succeeded { result.outputs = (try? state.outputs(context)) ?? [] }
        if result.problem == nil, !state.isEnded, flowCase.expectation.state != .paused {
            result.problem = "it never ends\(state.isPaused ? ": it is paused" : "")\(stuck)"
        }
    }

    /// Why each step that has not ended has not.
    private var stuck: String {
        let reasons = state.explanations(plan, id: ExecutionID(high: 0, low: 0), now: now).map {
            "\($0.step): \($0.why)"
        }
        return reasons.isEmpty ? "" : "; " + reasons.joined(separator: "; ")
    }
}

extension FlowCase {
    /// Beyond so many events a case is given up: a flow has at most 200 steps of 60 attempts.
    package static let mostTransitions = 100_000
}
