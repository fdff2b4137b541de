import Calls
package import Flows
import HTTP
package import Model
import Secrets

/// A call to make for an attempt of a step, or to end it.
package struct CallJob: Sendable {
    package let execution: ExecutionID
    package let tenant: TenantID
    package let call: StepCall
    package let stepName: String
    package let contract: StepContract
    let flow: FlowName?
    let version: Int?
    /// Nil: it cannot be read.
    package let binding: FlowBinding?
    let state: FlowState
    let context: FlowContext
    let inputs: FlowInputs
    /// When the attempt is over.
    package let deadline: Timestamp

    /// What a target sees of the attempt.
    var idempotencyKey: String { "\(execution)/\(stepName)/\(call.attempt)" }

    /// The call with everything filled in but the secrets of its tenant; throws a `user` failure if it is no valid
    /// call.
    ///
    /// - Parameters:
    ///   - isCancel: the call that ends the attempt, instead of the one that begins it.
    ///   - callback: the URL for the remote system's reports.
    func rendered(isCancel: Bool, callback: String?, keys: SecretKeys?) throws(StepFailure) -> RenderedCall {
        guard let binding else {
            throw StepFailure(
                .user, "the binding of \(contract.name) cannot be read: PUT /v1/bindings/\(contract.name)")
        }
        let fields = try stepInputs(keys)
        if contract.name == "http" { return try RenderedCall(http: fields) }
        guard let template = isCancel ? binding.cancel : binding.request else {
            throw StepFailure(.user, "the binding of \(contract.name) has no such call")
        }
        return try template.rendered(lookUp(fields, callback: callback))
    }

    /// What the names of a binding stand for.
    func lookUp(_ fields: [StepOutputs.Field], callback: String?) -> (String) -> ExpressionName? {
        { name in
            switch name {
            case "inputs":
                .value(.map(Dictionary(fields.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })))
            case "callback": callback.map { .value(.string($0)) } ?? .absent
            case "step": .value(.string(stepName))
            case "attempt": .value(.int(Int64(call.attempt)))
            case "execution":
                .value(
                    .map([
                        "id": .string("\(execution)"), "tenant": .string("\(tenant)"),
                        "flow": flow.map { .string("\($0)") } ?? .null,
                        "version": version.map { .int(Int64($0)) } ?? .null,
                    ]))
            default: nil
            }
        }
    }

    /// What the step is given, with the secrets of the flow's input.
    func stepInputs(_ keys: SecretKeys?) throws(StepFailure) -> [StepOutputs.Field] {
        if inputs.sealed.isEmpty { return try state.inputs(of: call.step, context) }
        var context = context
        for (name, sealed) in inputs.sealed {
            do throws(SecretError) {
                guard let keys else { throw SecretError("HEADGATE_SECRET_KEYS is not set") }
                let text = try keys.open(sealed, name: FlowInputs.sealName(name, execution), tenant: tenant)
                context.inputs[name] = (try? JSON(parsing: text)).map { ExpressionValue($0) }
            } catch {
                throw StepFailure(.user, "inputs.\(name): \(error)")
            }
        }
        return try state.inputs(of: call.step, context)
    }

    /// The request to send.
    func request(_ call: RenderedCall, _ secrets: CallSecrets, now: Timestamp, trace: UInt64) -> HTTPRequest {
        var headers = secrets.headers.map { (name: $0.name, value: $0.value) }
        if call.body != nil, !headers.contains(where: { $0.name.lowercased() == "content-type" }) {
            headers.append(("Content-Type", "application/json"))
        }
        headers.append(("Idempotency-Key", idempotencyKey))
        headers.append(("Headgate-Step", "\(execution)/\(stepName)"))
        headers.append(("Headgate-Attempt", String(self.call.attempt)))
        headers.append(("traceparent", Traceparent.header((execution.value.high, execution.value.low), trace)))
        if !secrets.signing.isEmpty {
            headers += WebhookSignature.headers(
                id: idempotencyKey, at: now, body: call.body ?? [], secrets: secrets.signing)
        }
        return HTTPRequest(
            method: call.method, url: call.url, headers: headers, body: call.body, timeout: call.timeout,
            keptBytes: StepOutputs.longest + 4_096, readBytes: CallJob.readBytes)
    }

    /// Bytes of an answer that are read, so that its true size can be named and the connection used again.
    private static let readBytes = 8 << 20
}
