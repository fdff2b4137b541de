import FoundationEssentials
import FunctionRuntime
package import Lambda
import Model

extension LambdaService {
    /// Accepts an asynchronous invocation; returns its request id.
    package func enqueue(_ reference: FunctionReference, _ request: InvokeRequest) throws -> String {
        _ = try catalog.configuration(reference)
        var event = QueuedEvent(
            id: request.id ?? newID(), function: reference.name, qualifier: reference.qualifier,
            created: WallClock.now())
        event.clientContext = request.clientContext
        event.traceID = request.traceID
        try events.add(event, payload: request.payload)
        return event.id
    }

    /// How often it was looked for events that are due; a number to be held against the clock.
    package var eventLooks: Int { events.looks }

    /// Tries an event once, and does what follows from that.
    func attempt(_ event: QueuedEvent) async {
        var event = event
        let reference = FunctionReference(name: event.function, qualifier: event.qualifier)
        guard let record = try? catalog.record(reference), (try? catalog.configuration(reference)) != nil else {
            configuration.report("event \(event.id) is dropped: there is no function \(event.function) any more")
            return events.remove(event)
        }
        guard let payload = events.payload(of: event) else {
            configuration.report("event \(event.id) of \(event.function) is dropped: its payload cannot be read")
            return events.remove(event)
        }
        let policy = record.asyncPolicy(event.qualifier)
        var request = InvokeRequest(payload: payload)
        (request.id, request.clientContext, request.traceID) = (event.id, event.clientContext, event.traceID)
        let outcome: AsyncPolicy.Outcome
        var answer: InvokeAnswer?
        if !policy.mayTry(age: WallClock.now() - event.created) {
            return await end(event, .eventAgeExceeded, payload, nil)
        }
        do {
            let found = try await invoke(reference, request)
            // It may have failed because the runner ends: it waits in its file for the next run.
            if found.result.isFailure, isStopping { return }
            answer = found
            outcome = found.result.isFailure ? .functionError : .success
        } catch {
            if error == .stopping {
                // It waits in its file for the next run.
                return
            }
            outcome = record.reservedConcurrency == 0 ? .zeroConcurrency : .throttleOrSystemError
        }
        let decision = policy.decision(
            after: outcome, age: WallClock.now() - event.created, functionErrors: event.functionErrors,
            throttles: event.throttles)
        if outcome == .functionError {
            event.functionErrors += 1
            event.throttles = 0
        } else if outcome == .throttleOrSystemError {
            event.throttles += 1
        }
        switch decision {
        case .done: await end(event, .success, payload, answer)
        case .giveUp(let condition): await end(event, condition, payload, answer)
        case .retry(let pause):
            event.due = WallClock.now() + pause
            do {
                try events.put(event)
            } catch {
                configuration.report("event \(event.id) cannot be kept, and is tried again at the next start: \(error)")
            }
        }
    }

    /// Hands an event's record to its destination, and the event to its dead-letter queue; then it is over.
    private func end(
        _ event: QueuedEvent, _ condition: AsyncPolicy.Condition, _ payload: [UInt8], _ answer: InvokeAnswer?
    ) async {
        let reference = FunctionReference(name: event.function, qualifier: event.qualifier)
        let settings = (try? catalog.record(reference))?.eventInvoke[event.qualifier ?? FunctionReference.latest]
        let record = DestinationRecord(
            time: WallClock.now(), requestID: event.id,
            functionARN: FunctionReference.arn(
                event.function, qualifier: event.qualifier ?? FunctionReference.latest, account: catalog.account,
                region: catalog.region),
            condition: condition, invokeCount: event.functionErrors + (condition == .success ? 1 : 0),
            request: payload,
            response: answer.map {
                .init(
                    executedVersion: $0.executedVersion, functionError: $0.result.isFailure ? "Unhandled" : nil,
                    payload: $0.result.payload)
            })
        if let target = condition == .success ? settings?.onSuccess : settings?.onFailure {
            await deliver(record, to: target)
        }
        if condition != .success, let target = (try? catalog.configuration(reference))?.deadLetterTarget {
            let attributes = record.deadLetterAttributes.map { attribute in
                JSON.Member(
                    attribute.name,
                    ["DataType": .string(attribute.type), "StringValue": .string(attribute.value)])
            }
            await send(String(decoding: payload, as: UTF8.self), .object(attributes), to: target)
        }
        events.remove(event)
    }

    private func deliver(_ record: DestinationRecord, to target: String) async {
        switch DestinationTarget(target) {
        case .queue: await send(record.json.description, .object([]), to: target)
        case .function(let reference):
            do {
                _ = try enqueue(reference, InvokeRequest(payload: record.json.serialized))
            } catch {
                configuration.report("the record of \(record.requestID) does not reach \(target): \(error)")
            }
        case nil: configuration.report("\(target) is no destination")
        }
    }

    /// Three times within some seconds: a queue that is not there is not waited for.
    private func send(_ body: String, _ attributes: JSON, to arn: String) async {
        guard let queue = QueueReference(arn: arn) else { return configuration.report("\(arn) is no queue") }
        for attempt in 1...3 {
            do {
                _ = try await queues.call(
                    "SendMessage",
                    [
                        "QueueUrl": .string(queue.url), "MessageBody": .string(body.isEmpty ? "null" : body),
                        "MessageAttributes": attributes,
                    ], region: queue.region)
                return
            } catch {
                guard attempt < 3 else { return configuration.report("a message does not reach \(arn): \(error)") }
                // Cancelled: the runner ends.
                try? await Task.sleep(for: .seconds(attempt))
            }
        }
    }
}
