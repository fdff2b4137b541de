import Calls
import HTTP
import Model
import Queue
import Secrets

/// One leased trigger on its way to its target.
struct Delivery: Sendable {
    let message: TriggerMessage
    let record: ActionRecord
    let receipt: Receipt
    /// The number of the call to make, from 1.
    let attempt: Int
    /// How often the message was received, this time included; more than the attempts explain: a worker died with it.
    let receives: Int
    /// Host and port of the call's URL, as written.
    let host: String
    /// When the call began, or was last put off.
    var startedAt: Timestamp
    /// The opened secrets; nil: the call needs none.
    var secrets: CallSecrets?

    init(
        message: TriggerMessage, record: ActionRecord, receipt: Receipt, attempt: Int, receives: Int,
        startedAt: Timestamp
    ) {
        self.message = message
        self.record = record
        self.receipt = receipt
        self.attempt = attempt
        self.receives = receives
        self.startedAt = startedAt
        switch record.action {
        case .http(let call): host = TargetGate.host(of: call.url)
        // Flows are started by Headgate's own API, which no limit of targets applies to.
        case .flow: host = ""
        }
    }

    /// Bytes of a response body that are recorded.
    static let keptBytes = 4_096
    /// Bytes of a response body that are read, so that the connection can be used again; a longer response is a response
    /// too.
    static let readBytes = 1 << 20

    /// How long its call may take; nil: it is no call of a target.
    var timeout: Duration? {
        switch record.action {
        case .http(let call): call.timeout
        case .flow: nil
        }
    }

    /// The call of the action, with headers that tell the target which trigger it is for.
    func request(traceID: (UInt64, UInt64), spanID: UInt64) -> HTTPRequest {
        switch record.action {
        case .flow: preconditionFailure("flows are started in batches")
        case .http(let call):
            var headers: [(name: String, value: String)] = []
            headers.reserveCapacity(call.headers.count + 9)
            var hasContentType = call.body == nil
            for header in secrets?.headers ?? call.headers {
                headers.append((header.name, header.value))
                hasContentType = hasContentType || header.name.lowercased() == "content-type"
            }
            if !hasContentType { headers.append(("Content-Type", "application/json")) }
            headers.append(("Idempotency-Key", message.key.description))
            headers.append(("Headgate-Schedule", message.schedule.description))
            headers.append(("Headgate-Fire-Time", message.occurrence.description))
            headers.append(("Headgate-Attempt", String(attempt)))
            headers.append(("traceparent", Traceparent.header(traceID, spanID)))
            if let signing = secrets?.signing, !signing.isEmpty {
                headers += WebhookSignature.headers(
                    id: message.key.description, at: startedAt, body: call.body ?? [], secrets: signing)
            }
            return HTTPRequest(
                method: call.method, url: call.url, headers: headers, body: call.body, timeout: call.timeout,
                keptBytes: Delivery.keptBytes, readBytes: Delivery.readBytes)
        }
    }

    /// What is recorded of the delivery. Attempt 0: it ended without a call.
    func outcome(
        _ state: TriggerState, result: HTTPResult?, reason: String?, endedAt: Timestamp
    ) -> TriggerOutcome {
        var outcome = TriggerOutcome(
            id: message.id, redrive: message.redrive, attempt: result == nil ? 0 : attempt, state: state, reason: reason
        )
        guard let result else { return outcome }
        outcome.startedAt = startedAt
        outcome.durationMilliseconds = Int((endedAt - startedAt).milliseconds)
        if attempt == 1 {
            outcome.latenessMilliseconds = Int(Int32(clamping: (startedAt - message.plannedAt).microseconds / 1_000))
        }
        if let response = result.answer {
            outcome.status = response.status
            outcome.body =
                secrets?.redacted(response.body, isTruncated: response.body.count >= Delivery.keptBytes)
                ?? response.body
        }
        return outcome
    }
}
