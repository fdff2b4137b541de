import Model
import Synchronization

extension Gateway {
    /// The answer to a request. Reads at most one small file, and waits for nothing.
    func answer(_ request: GatewayRequest) -> GatewayAnswer {
        let route = "\(request.method) \(request.path)"
        switch route {
        case "GET /healthz": return GatewayAnswer(200, ["status": "ok"])
        case "GET /stats": return GatewayAnswer(200, statistics)
        case "GET /behavior": return GatewayAnswer(200, behavior)
        case "PUT /behavior": return setBehavior(request.body)
        case "POST /v1/cancel": return cancel(request)
        default: break
        }
        if let step = ComputeStep.allCases.first(where: { route == "POST /v1/\($0.rawValue)" }) {
            return call(step, request)
        }
        return .error(
            404,
            "there is no \(route): POST /v1/ and one of \(ComputeStep.names), cancel; GET or PUT /behavior; GET /stats, /healthz"
        )
    }

    private var statistics: JSON {
        state.withLock { state in
            let steps = ComputeStep.allCases.map { step in
                JSON.Member(step.rawValue, (state.counts[step] ?? StepCounts()).json)
            }
            return [
                "steps": .object(steps), "running": .integer(state.works.running),
                "queued": .integer(state.works.queued),
            ]
        }
    }

    private var behavior: JSON { state.withLock { ["rules": .array($0.faults.rules.map(\.json))] } }

    private func setBehavior(_ body: [UInt8]) -> GatewayAnswer {
        let rule: FaultRule
        do {
            rule = try FaultRule(try JSON(document: body))
        } catch let error as JSON.SyntaxError {
            return .error(400, "the body is not JSON: \(error)")
        } catch {
            return .error(400, "\(error)")
        }
        guard state.withLock({ $0.faults.set(rule) }) else {
            return .error(400, "\(FaultTable.limit) rules are set: take one away with the mode \"normal\" first")
        }
        return GatewayAnswer(200, behavior)
    }
}
