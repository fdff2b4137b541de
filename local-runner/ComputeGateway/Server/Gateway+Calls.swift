import Model
import Synchronization

extension Gateway {
    /// The longest idempotency key and step that are taken, in bytes.
    private static let longestName = 1_024

    /// Accepts a work, unless its key is known or something else is in the way.
    func call(_ step: ComputeStep, _ request: GatewayRequest) -> GatewayAnswer {
        let body: CallBody
        let (key, stepID): (String, String)
        do {
            (key, stepID) = try names(request)
            body = try CallBody(request.body)
        } catch {
            return .error(400, error.message)
        }
        let uris = body.inputs.uris
        return state.withLock { state in
            state.counts[step, default: StepCounts()].calls += 1
            guard !state.faults.refuses(step, uris: uris) else {
                state.counts[step]!.refused += 1
                return .error(503, "refused, as PUT /behavior asked")
            }
            switch state.works.find(key, callback: body.callback) {
            case .running: return repeated(step, &state, isRunning: true)
            case .ended: return repeated(step, &state, isRunning: false)
            case .unknown: break
            }
            var work = Work(key: key, stepID: stepID, step: step, inputs: body.inputs, callback: body.callback)
            guard !state.works.isFull else {
                state.counts[step]!.refused += 1
                return .error(503, "\(WorkTable.limit) works are open: try again later")
            }
            // Read under the lock: a work is taken off the table only when its result is on the disk, so that no key
            // falls between the two.
            if let report = results.report(key: key) {
                state.works.addEnded(work)
                begin { [work] in await self.post(report, of: work, times: 1) }
                return repeated(step, &state, isRunning: false)
            }
            work.fault = state.faults.fault(step, uris: uris)
            if state.works.add(work) { begin { [work] in await self.perform(work) } }
            return GatewayAnswer(202, ["accepted": true])
        }
    }

    private func repeated(_ step: ComputeStep, _ state: inout State, isRunning: Bool) -> GatewayAnswer {
        state.counts[step]!.repeated += 1
        return GatewayAnswer(409, ["running": .bool(isRunning)])
    }

    /// Ends the works of a step, up to the attempt of the key.
    func cancel(_ request: GatewayRequest) -> GatewayAnswer {
        let (key, stepID): (String, String)
        do {
            (key, stepID) = try names(request)
        } catch {
            return .error(400, error.message)
        }
        let attempt = Work.attempt(ofKey: key, stepID: stepID)
        let works = state.withLock { $0.works.cancel(stepID: stepID, upTo: attempt) }
        for work in works.stopped { work.stop.wake() }
        for work in works.over { begin { await self.keepCancelled(work) } }
        return GatewayAnswer(200, ["cancelled": .bool(!works.stopped.isEmpty || !works.over.isEmpty)])
    }

    private func names(_ request: GatewayRequest) throws(GatewayError) -> (key: String, stepID: String) {
        func name(_ value: String?, _ header: String, _ form: String) throws(GatewayError) -> String {
            guard let value, (1...Gateway.longestName).contains(value.utf8.count) else {
                throw .user("the header \(header) is missing or too long: send \(header): \(form)")
            }
            return value
        }
        return (
            try name(request.key, "Idempotency-Key", "execution/step/attempt"),
            try name(request.stepID, "Headgate-Step", "execution/step")
        )
    }
}
