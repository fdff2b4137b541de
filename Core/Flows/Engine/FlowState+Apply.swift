package import Model

extension FlowState {
    /// Applies an event, and returns what is to be done because of it, in order.
    ///
    /// An event that no longer applies, such as the answer of an attempt that has timed out, changes nothing. Several
    /// events of one transition are applied one after the other, with the same `now`.
    package mutating func apply(_ event: FlowEvent, _ context: FlowContext, now: Timestamp) -> [FlowDirective] {
        // The state is moved, not copied: a copy of its steps would cost more than most events.
        var transition = FlowTransition(state: FlowState(), context: context, now: now)
        swap(&self, &transition.state)
        transition.apply(event)
        swap(&self, &transition.state)
        return transition.directives
    }

    /// A state without steps.
    private init() {
        startedAt = .epoch
        steps = []
    }
}

/// The work of one event.
struct FlowTransition {
    var state: FlowState
    let context: FlowContext
    let now: Timestamp
    var directives: [FlowDirective] = []

    var plan: FlowPlan { context.plan }

    init(state: FlowState, context: FlowContext, now: Timestamp) {
        self.state = state
        self.context = context
        self.now = now
    }

    mutating func apply(_ event: FlowEvent) {
        switch event {
        case .started: start()
        case .claimed(let worker, let limit): claim(worker, limit)
        case .claimLost(let call): loseClaim(call)
        case .answered(let call, let answer): answered(call, answer)
        case .reported(let call, let report): reported(call, report)
        case .cancelAnswered(let call, let isConfirmed): cancelAnswered(call, isConfirmed)
        case .timeReached: if !state.isPaused { reachTime() }
        case .cancelRequested: cancel()
        case .pauseRequested: pause()
        case .resumed: resume()
        case .retried(let first): retry(from: first)
        }
        finishIfDone()
    }

    mutating func record(_ kind: HistoryEvent.Kind, _ number: Int? = nil, _ detail: String? = nil) {
        let call = number.map { StepCall(step: $0, attempt: state.steps[$0].attempt) }
        directives.append(.record(HistoryEvent(kind, call, detail)))
    }

    // MARK: Beginning and ending

    private mutating func start() {
        // Some step begins with the flow, so that a second start finds one that does not wait.
        guard state.status == .running, state.steps.allSatisfy({ $0.phase == .waiting }) else { return }
        state.startedAt = now
        state.deadline = plan.definition.timeout.map { now + $0 }
        record(.started)
        advance(Array(plan.steps.indices))
    }

    private mutating func finishIfDone() {
        if state.status == .running, state.steps.allSatisfy(\.isFinal) {
            do throws(StepFailure) {
                _ = try state.outputs(context)
                finish(.succeeded)
            } catch {
                failFlow(nil, error)
            }
        }
        if case .ending(let outcome) = state.status, state.steps.allSatisfy(\.isFinal) { finish(outcome) }
    }

    private mutating func finish(_ outcome: FlowOutcome) {
        state.status = .ended(outcome)
        state.isPaused = false
        state.deadline = nil
        switch outcome {
        case .succeeded: record(.succeeded)
        case .failed: record(.failed, nil, state.failure.map { "\($0.kind): \($0.message)" })
        case .cancelled: record(.cancelled)
        }
        directives.append(.finish(outcome))
    }

    /// The first failure of a flow counts.
    mutating func failFlow(_ number: Int?, _ failure: StepFailure) {
        guard state.status == .running else { return }
        state.status = .ending(.failed)
        state.failedStep = number
        state.failure = failure
        endSteps()
    }

    /// Ends what is under way; remote work gets a minute to confirm that it was cancelled.
    private mutating func endSteps() {
        for number in state.steps.indices where !state.steps[number].isFinal {
            let step = state.steps[number]
            if step.isInvoked, context.bindingOfAttempt(step.binding)?.hasCancel == true {
                state.steps[number].clearDeadlines()
                state.steps[number].phase = .cancelling(until: now + FlowTransition.cancelPatience)
                directives.append(.cancel(StepCall(step: number, attempt: step.attempt)))
                continue
            }
            let hasBegun = step.hasBegun
            settle(number, hasBegun ? .cancelled : .notRun)
            if hasBegun { record(.stepCancelled, number) }
        }
    }

    /// How long remote systems have to confirm a cancel.
    private static let cancelPatience = Duration.seconds(60)

    /// Ends a step: a final phase has no deadlines.
    mutating func settle(_ number: Int, _ phase: StepState.Phase) {
        state.steps[number].clearDeadlines()
        state.steps[number].phase = phase
    }

    // MARK: Control

    private mutating func cancel() {
        guard state.status == .running else { return }
        state.isPaused = false
        state.status = .ending(.cancelled)
        record(.cancelRequested)
        endSteps()
    }

    private mutating func pause() {
        guard state.status == .running, !state.isPaused else { return }
        state.isPaused = true
        record(.paused)
    }

    /// What came due meanwhile happens now, in the order of the deadlines.
    private mutating func resume() {
        guard state.isPaused else { return }
        state.isPaused = false
        record(.resumed)
        reachTime()
    }

    private mutating func retry(from first: Int?) {
        guard case .ended(let outcome) = state.status, outcome != .succeeded else { return }
        var again: Set<Int> = first.map { plan.downstream(of: $0) } ?? []
        for (number, step) in state.steps.enumerated() {
            switch step.phase {
            case .succeeded, .skipped: continue
            case .failed where plan.steps[number].definition.onError == .continue: continue
            default: again.formUnion(plan.downstream(of: number))
            }
        }
        state.status = .running
        state.startedAt = now
        state.deadline = plan.definition.timeout.map { now + $0 }
        (state.failedStep, state.failure) = (nil, nil)
        for number in again {
            // The numbers of attempts go on: a late callback of an earlier attempt finds that it is one.
            let attempt = state.steps[number].attempt
            state.steps[number] = StepState()
            state.steps[number].attempt = attempt
        }
        record(.retried, first)
        advance(again.sorted())
    }

    private mutating func cancelAnswered(_ call: StepCall, _ isConfirmed: Bool) {
        guard isCurrent(call), case .cancelling = state.steps[call.step].phase else { return }
        endCancelling(call.step, isConfirmed)
    }

    mutating func endCancelling(_ number: Int, _ isConfirmed: Bool) {
        settle(number, .cancelled)
        record(isConfirmed ? .stepCancelled : .cancelUnconfirmed, number)
    }

    /// Whether an event is about a step's latest attempt.
    func isCurrent(_ call: StepCall) -> Bool {
        state.steps.indices.contains(call.step) && state.steps[call.step].attempt == call.attempt
    }
}

extension StepState {
    /// Of a step that has not ended: whether it had its turn. Attempts before a retry of the flow do not count.
    fileprivate var hasBegun: Bool {
        switch phase {
        case .waiting: false
        case .ready(let repeats): repeats || platformFailures + timeoutFailures > 0
        default: true
        }
    }

    mutating func clearDeadlines() {
        (attemptDeadline, signDeadline, totalDeadline, reportedAt, recordedAt) = (nil, nil, nil, nil, nil)
        progress = []
    }
}
