import Model

/// How steps begin, fail and succeed.
extension FlowTransition {
    // MARK: Beginning

    /// Begins those of these steps whose dependencies are final, and then what waited for them.
    mutating func advance(_ candidates: [Int]) {
        var open = candidates
        var next = 0
        while next < open.count {
            let number = open[next]
            next += 1
            guard state.status == .running, state.steps[number].phase == .waiting,
                plan.steps[number].dependencies.allSatisfy({ state.steps[$0].isFinal })
            else { continue }
            begin(number)
            if state.steps[number].isFinal { open += plan.steps[number].dependents }
        }
    }

    private mutating func begin(_ number: Int) {
        let step = plan.steps[number]
        if let when = step.definition.when {
            do throws(ExpressionError) {
                guard try when.holds(state.lookUp(context)) else {
                    settle(number, .skipped)
                    record(.stepSkipped, number)
                    return
                }
            } catch {
                return failWithoutAdvancing(number, StepFailure(.user, "when: \(error): \(when)"))
            }
        }
        do throws(StepFailure) {
            let inputs = try state.inputs(of: number, context)
            if step.contract.name == "wait" {
                try sleep(number, inputs)
            } else {
                state.steps[number].phase = .ready(repeats: false)
                state.steps[number].totalDeadline = step.definition.timeouts.total.map { now + $0 }
            }
        } catch {
            failWithoutAdvancing(number, error)
        }
    }

    /// The end of a `wait` is computed once, here.
    private mutating func sleep(_ number: Int, _ inputs: [StepOutputs.Field]) throws(StepFailure) {
        var until = now
        for field in inputs {
            switch (field.name, field.value) {
            case ("for", .string(let text)):
                guard let duration = Duration(text: text), duration >= .zero, duration <= FlowTransition.longestWait
                else { throw StepFailure(.user, "with.for: expected a duration of at most 10 years") }
                until = now + duration
            case ("until", .string(let text)):
                guard let time = Timestamp(text) else {
                    throw StepFailure(.user, "with.until: expected \(Timestamp.requirement)")
                }
                until = time
            default: throw StepFailure(.user, "with.\(field.name): expected a string, found \(field.value.type)")
            }
        }
        if until <= now { return settle(number, .succeeded) }
        state.steps[number].phase = .sleeping(until: until)
        record(.stepWaits, number, "\(until)")
    }

    private static let longestWait = Duration.seconds(3_660 * 86_400)

    // MARK: Calls

    mutating func claim(_ worker: Identifier, _ limit: Int) {
        guard state.status == .running, !state.isPaused else { return }
        var taken = 0
        for number in state.steps.indices where taken < limit && state.status == .running {
            guard case .ready(let repeats) = state.steps[number].phase else { continue }
            if !repeats {
                guard let terms = context.binding(plan.steps[number].contract) else {
                    let type = plan.steps[number].definition.type
                    fail(
                        number,
                        StepFailure(.user, "there is no binding for \(type): PUT /v1/bindings/\(type), then retry"))
                    continue
                }
                beginAttempt(number, terms)
            }
            state.steps[number].phase = .claimed(by: worker)
            taken += 1
            directives.append(.invoke(StepCall(step: number, attempt: state.steps[number].attempt)))
        }
    }

    private mutating func beginAttempt(_ number: Int, _ terms: BindingTerms) {
        let timeouts = plan.steps[number].definition.timeouts
        state.steps[number].attempt += 1
        state.steps[number].binding = terms.id
        state.steps[number].attemptDeadline = now + (timeouts.attempt ?? terms.timeout)
        state.steps[number].signDeadline = (timeouts.start ?? terms.startTimeout).map { now + $0 }
        state.steps[number].reportedAt = nil
        state.steps[number].recordedAt = nil
        state.steps[number].progress = []
        record(.stepBegan, number)
    }

    mutating func loseClaim(_ call: StepCall) {
        guard isCurrent(call), case .claimed = state.steps[call.step].phase, state.status == .running else { return }
        state.steps[call.step].phase = .ready(repeats: true)
        record(.claimLost, call.step)
    }

    mutating func answered(_ call: StepCall, _ answer: StepAnswer) {
        guard isCurrent(call), case .claimed = state.steps[call.step].phase else {
            // The callback may have come first (protocols.md, 18a).
            if answer != .accepted { recordIgnored(call) }
            return
        }
        switch answer {
        case .succeeded(let outputs): succeed(call.step, outputs)
        case .accepted:
            state.steps[call.step].phase = .accepted
            record(.stepAccepted, call.step)
        case .failed(let failure): attemptFailed(call.step, failure)
        }
    }

    // MARK: Reports

    mutating func reported(_ call: StepCall, _ report: StepReport) {
        guard isCurrent(call), state.steps[call.step].isInvoked else {
            if isCurrent(call), case .cancelling = state.steps[call.step].phase, report.isResult {
                // It has ended by itself before it was cancelled.
                return endCancelling(call.step, true)
            }
            if report.isResult { recordIgnored(call) }
            return
        }
        switch report {
        case .running: sign(call.step, nil)
        case .progress(let value): sign(call.step, value)
        case .succeeded(let outputs): succeed(call.step, outputs)
        case .failed(let failure): attemptFailed(call.step, failure)
        }
    }

    /// A sign of life. The state takes one a second, the history a progress in ten.
    private mutating func sign(_ number: Int, _ progress: ExpressionValue?) {
        if let last = state.steps[number].reportedAt, now - last < .seconds(1) { return }
        let step = plan.steps[number]
        let heartbeat =
            step.definition.timeouts.heartbeat
            ?? context.bindingOfAttempt(state.steps[number].binding)?.heartbeatTimeout
        state.steps[number].reportedAt = now
        state.steps[number].signDeadline = heartbeat.map { now + $0 }
        guard let progress else { return }
        var writer = ByteWriter()
        progress.encode(into: &writer)
        state.steps[number].progress = writer.bytes[...]
        if let last = state.steps[number].recordedAt, now - last < .seconds(10) { return }
        state.steps[number].recordedAt = now
        record(.stepProgress, number, "\(progress.json)")
    }

    private mutating func recordIgnored(_ call: StepCall) {
        guard state.steps.indices.contains(call.step) else { return }
        directives.append(.record(HistoryEvent(.ignored, call)))
    }

    // MARK: Results

    mutating func succeed(_ number: Int, _ outputs: StepOutputs) {
        let call = StepCall(step: number, attempt: state.steps[number].attempt)
        var step = state.steps[number]
        step.keep(outputs.fields, read: plan.steps[number].readOutputs)
        let size = state.sizeOfOutputs + step.outputs.count
        if size > FlowState.longest - FlowState.reserved {
            let detail =
                "its outputs make the state \(size) bytes; at most \(FlowState.longest - FlowState.reserved) fit"
            return fail(number, StepFailure(.user, detail))
        }
        state.steps[number] = step
        state.steps[number].failure = nil
        settle(number, .succeeded)
        record(.stepSucceeded, number)
        if !outputs.fields.isEmpty { directives.append(.keep(call, outputs)) }
        advance(plan.steps[number].dependents)
    }

    /// Tries a step again if its kind of failure and the budgets allow it.
    mutating func attemptFailed(_ number: Int, _ failure: StepFailure) {
        let own = plan.steps[number].definition.retry
        let terms = context.bindingOfAttempt(state.steps[number].binding)
        let policy: RetryPolicy
        let count: Int
        switch failure.kind {
        case .user: return fail(number, failure)
        case .platform:
            state.steps[number].platformFailures += 1
            count = state.steps[number].platformFailures
            policy = own ?? terms?.platform ?? BindingTerms(id: 0).platform
        case .timeout:
            state.steps[number].timeoutFailures += 1
            count = state.steps[number].timeoutFailures
            policy = own ?? terms?.timeouts ?? BindingTerms(id: 0).timeouts
        }
        let all = state.steps[number].platformFailures + state.steps[number].timeoutFailures
        guard count < policy.maxAttempts, all < own?.maxAttempts ?? .max else { return fail(number, failure) }
        var random = Jitter(context.seed, StepCall(step: number, attempt: state.steps[number].attempt))
        let wait = max(policy.delay(afterAttempt: count, using: &random), failure.retryAfter ?? .zero)
        if let total = state.steps[number].totalDeadline, now + wait >= total { return fail(number, failure) }
        state.steps[number].failure = failure
        state.steps[number].attemptDeadline = nil
        state.steps[number].signDeadline = nil
        state.steps[number].phase = .backoff(until: now + wait)
        record(.stepRetries, number, "\(failure.kind): \(failure.message)")
    }

    mutating func fail(_ number: Int, _ failure: StepFailure) {
        failWithoutAdvancing(number, failure)
        if state.status == .running { advance(plan.steps[number].dependents) }
    }

    /// As `fail`, where the caller goes on to the steps that wait for it.
    private mutating func failWithoutAdvancing(_ number: Int, _ failure: StepFailure) {
        state.steps[number].failure = failure
        settle(number, .failed)
        record(.stepFailed, number, "\(failure.kind): \(failure.message)")
        if plan.steps[number].definition.onError == .fail { failFlow(number, failure) }
    }
}

extension StepReport {
    /// Whether it ends the attempt.
    fileprivate var isResult: Bool {
        switch self {
        case .running, .progress: false
        case .succeeded, .failed: true
        }
    }
}

extension FlowState {
    /// In bytes, of all steps together.
    fileprivate var sizeOfOutputs: Int { steps.reduce(0) { $0 + $1.outputs.count } }
}

/// Random numbers that only depend on the execution and the attempt: the reducer gives the same result each time.
/// SplitMix64 (Steele, Lea, Flood, 2014).
private struct Jitter: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64, _ call: StepCall) {
        state = seed ^ UInt64(call.step) << 32 ^ UInt64(call.attempt)
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
