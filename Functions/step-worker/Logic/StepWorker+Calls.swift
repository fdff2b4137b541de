import Calls
import Flows
import FunctionRuntime
import HTTP
import Logging
import Model
import Queue
import Secrets
import Telemetry

/// The calls of steps, by the same rules as the calls of triggers: what tenants may call, their rates and secrets, and
/// breakers.
extension StepWorker {
    /// Begins a call whose claim is committed.
    func begin(_ job: CallJob, isCancel: Bool) {
        if !isCancel, flights[job.execution, default: []].insert(job.call).inserted { flightCount += 1 }
        Task { await perform(job, isCancel: isCancel) }
    }

    /// How long a cancel call is tried.
    private static let cancelPatience = Duration.seconds(60)

    private func perform(_ job: CallJob, isCancel: Bool) async {
        await refreshTenants()
        await readRecord(of: job.tenant)
        let result: HTTPResult
        let call: PreparedCall
        do throws(StepFailure) {
            call = try prepare(job, isCancel: isCancel)
        } catch {
            return deliver(job, isCancel ? .cancel(isConfirmed: false) : .answer(.failed(error)))
        }
        let end = isCancel ? WallClock.now() + StepWorker.cancelPatience : job.deadline
        var tries = 0
        while true {
            guard await admit(job, host: call.host, until: end) else {
                // The attempt's deadline has passed, or the worker is stopping: whoever is next decides.
                return abandon(job, isCancel: isCancel)
            }
            let outcome = await send(call, job, isCancel: isCancel)
            gate.end(
                host: call.host, tenant: job.tenant, isAnswered: DeliveryRules.isAnswered(outcome), at: .now)
            tries += 1
            // A cancel call is repeated a few times; other calls by the reducer's rules.
            let isDone = outcome.answer.map { DeliveryRules.isFinal($0.status) } ?? false
            if isCancel, !isDone, tries < 3, WallClock.now() + .seconds(1) < end, isClaiming {
                try? await Task.sleep(for: .seconds(1))
                continue
            }
            result = outcome
            break
        }
        if isCancel {
            let isConfirmed = result.answer.map { (200..<300).contains($0.status) || $0.status == 404 } ?? false
            return deliver(job, .cancel(isConfirmed: isConfirmed))
        }
        guard let answer = answer(result, call, job) else { return abandon(job, isCancel: false) }
        count(answer)
        try? Failpoint.stepWorkerAfterCall.pass()
        deliver(job, .answer(answer))
    }

    /// A call with its secrets.
    private struct PreparedCall {
        var request: HTTPRequest
        var secrets: CallSecrets
        var host: String
        var lookUp: (String) -> ExpressionName?
    }

    private func prepare(_ job: CallJob, isCancel: Bool) throws(StepFailure) -> PreparedCall {
        let callback = try callbackURL(of: job)
        let rendered = try job.rendered(isCancel: isCancel, callback: callback, keys: keys)
        let now = WallClock.now()
        let secrets: CallSecrets
        do throws(SecretError) {
            secrets = try CallSecrets(
                headers: rendered.headers.map { ($0.name, $0.value) }, signing: rendered.signing, tenant: job.tenant,
                sealed: cache.record(of: job.tenant)?.secrets ?? [:], keys: keys, now: now)
        } catch {
            // It may be stored in a moment.
            throw StepFailure(.platform, "\(error)")
        }
        let fields = try job.stepInputs(keys)
        return PreparedCall(
            request: job.request(rendered, secrets, now: now, trace: random.next() | 1), secrets: secrets,
            host: TargetGate.host(of: rendered.url), lookUp: job.lookUp(fields, callback: callback))
    }

    /// The URL on which the remote system reports on the attempt; nil: the binding takes none.
    private func callbackURL(of job: CallJob) throws(StepFailure) -> String? {
        guard job.binding?.completion == .callback else { return nil }
        guard let base = configuration.callbackURL, let keys else {
            throw StepFailure(
                .platform,
                "steps that complete by callback need HEADGATE_CALLBACK_URL and HEADGATE_SECRET_KEYS for step-workers")
        }
        let token = CallbackToken(
            tenant: job.tenant, execution: job.execution, step: job.call.step, attempt: job.call.attempt,
            expiresAt: job.deadline)
        return "\(base)/v1/callbacks/\(token.signed(by: keys))"
    }

    private func send(_ call: PreparedCall, _ job: CallJob, isCancel: Bool) async -> HTTPResult {
        let key = FlightKey(execution: job.execution, call: job.call, isCancel: isCancel)
        let result = await withCheckedContinuation { continuation in
            tokens[key] = client.start(call.request) { continuation.resume(returning: $0) }
        }
        tokens[key] = nil
        return result
    }

    /// What an answer means for the step; nil: the call was ended by this worker, and says nothing.
    private func answer(_ result: HTTPResult, _ call: PreparedCall, _ job: CallJob) -> StepAnswer? {
        if let response = result.answer {
            var cut: String?
            if case .failure(let error) = result { cut = error.description }
            let retryAfter =
                response.status < 300
                ? nil : DeliveryRules.retryAfter(response.header("Retry-After"), now: WallClock.now())
            let answer = CallAnswer(
                status: response.status,
                body: call.secrets.redacted(response.body, isTruncated: response.isTruncated),
                totalBytes: response.totalBytes, cut: cut, retryAfter: retryAfter)
            return (job.binding ?? .http).answer(answer, job.contract, lookUp: call.lookUp)
        }
        guard case .failure(let error) = result else { return nil }
        switch error.code {
        case .cancelled: return nil
        case .invalid, .forbidden: return .failed(StepFailure(.user, error.description))
        case .timeout: return .failed(StepFailure(.timeout, error.description))
        case .dns, .connect, .tls, .broken: return .failed(StepFailure(.platform, error.description))
        }
    }

    private func count(_ answer: StepAnswer) {
        let result =
            switch answer {
            case .succeeded: "succeeded"
            case .accepted: "accepted"
            case .failed(let failure): "\(failure.kind)"
            }
        runtime.metrics.count(.stepCalls, labels: "result=\"\(result)\"")
    }

    private func deliver(_ job: CallJob, _ content: PendingAnswer.Content) {
        pending.add(
            PendingAnswer(
                execution: job.execution, tenant: job.tenant, call: job.call, content: content, since: .now), now: .now)
        wakeTransitions()
    }

    /// Leaves a call to whoever finds its claim once this worker no longer knows of it.
    private func abandon(_ job: CallJob, isCancel: Bool) {
        if isCancel { return }
        if flights[job.execution]?.remove(job.call) != nil { flightCount -= 1 }
        if flights[job.execution]?.isEmpty == true { flights[job.execution] = nil }
        wakeTransitions()
    }

    // MARK: Admission

    /// Waits until the call may be made: its tenant is not paused, its rates allow it, its host answers and has room.
    /// False: it did not come to that before `end`, or the worker is stopping.
    private func admit(_ job: CallJob, host: String, until end: Timestamp) async -> Bool {
        var wait = Duration.milliseconds(50)
        while true {
            if runtime.life.isAskedToStop || WallClock.now() >= end { return false }
            await refreshTenants()
            await readRecord(of: job.tenant)
            let pause: Duration
            if cache.record(of: job.tenant)?.isPaused == true {
                runtime.metrics.count(.callsHeldBack, labels: "reason=\"settings\"")
                pause = .seconds(1)
            } else if let rateWait = await rateWait(job, host, until: end) {
                runtime.metrics.count(.callsHeldBack, labels: "reason=\"settings\"")
                pause = rateWait
            } else {
                switch gate.admit(host: host, tenant: job.tenant, at: .now, using: &random) {
                case .go: return true
                case .wait(let time, let reason):
                    runtime.metrics.count(.callsHeldBack, labels: "reason=\"\(reason)\"")
                    pause = max(wait, time)
                    wait = min(wait * 2, .seconds(5))
                }
            }
            await runtime.life.sleep(min(pause, .seconds(5)))
        }
    }

    /// How long the tenant's rates make a call wait; nil: not at all.
    private func rateWait(_ job: CallJob, _ host: String, until end: Timestamp) async -> Duration? {
        let buckets = cache.record(of: job.tenant)?.buckets(host: host) ?? []
        if buckets.isEmpty { return nil }
        do {
            let request = RateRequest(
                id: MessageID("\(job.execution)/\(job.call.step)/\(job.call.attempt)"), tenant: job.tenant,
                longest: end - WallClock.now(), buckets: buckets)
            let waits = try await limiter.reserve([request])
            return waits[0] > .zero ? waits[0] : nil
        } catch {
            runtime.logger.warning("cannot read rates: \(error)")
            return .seconds(1)
        }
    }

    /// Reads what a tenant's record says, unless it is known.
    private func readRecord(of tenant: TenantID) async {
        let missing = cache.missing(of: [tenant])
        if missing.isEmpty { return }
        do throws(QueueError) {
            _ = cache.store(try await tenants.records(of: missing), of: missing)
        } catch {
            runtime.logger.warning("cannot read a tenant's settings: \(error)")
        }
    }

    /// Reads the state of the tenant directory, at most once a second.
    func refreshTenants() async {
        if let cachedAt, ContinuousClock.now - cachedAt < .seconds(1) { return }
        cachedAt = .now
        do throws(QueueError) {
            cache.adopt(try await tenants.state())
        } catch {
            runtime.logger.warning("cannot read the tenants' directory: \(error)")
        }
    }
}
