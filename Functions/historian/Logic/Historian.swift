package import FunctionRuntime
private import Logging
private import Model
package import Queue
private import Sending
package import Store
private import Telemetry
private import Worker

/// Records outcomes on trigger rows, in bulk, and tells the queue that they are recorded.
///
/// A message is acknowledged after the commit; a historian killed in between leaves it to be recorded again, which
/// changes nothing. A message that was received before is handled alone, so that one that kills its historian takes no
/// others with it.
package struct Historian: Sendable {
    private let runtime: FunctionRuntime
    private let store: any OutcomeStore
    private let queue: any MessageQueue
    /// Where failure calls are sent, and triggers of paused schedules are cancelled.
    private let triggers: any MessageQueue
    private let batch: Int
    private let receiver: Receiver
    private static let pause = Duration.milliseconds(20)

    /// A historian of one outcome queue.
    ///
    /// - Parameters:
    ///   - queue: the queue of outcomes.
    ///   - triggers: the queue of triggers.
    ///   - batch: messages received at once; each may hold many outcomes.
    ///   - visibility: how long each lease lasts.
    package init(
        _ runtime: FunctionRuntime, store: any OutcomeStore, queue: any MessageQueue,
        triggers: any MessageQueue, batch: Int = 40, visibility: Duration = .seconds(30)
    ) {
        self.runtime = runtime
        self.store = store
        self.queue = queue
        self.triggers = triggers
        self.batch = batch
        receiver = Receiver(runtime, queue: queue, visibility: visibility)
    }

    /// Works until it is asked to stop, has been idle for too long, or reaches its maximum age; records what it holds
    /// first.
    package func run() async {
        while !runtime.life.isStopping {
            let messages = await receiver.receive(upTo: batch)
            if messages.isEmpty { continue }
            runtime.life.didWork()
            let fresh = messages.filter { $0.receives == 1 }
            await record(fresh)
            for message in messages where message.receives > 1 { await record([message]) }
            // Pause, so that under load the next statement writes more; nobody minds a record 20 ms later. After a full
            // batch more is waiting already.
            if messages.count < batch { await runtime.life.sleep(Historian.pause) }
        }
        await store.close()
    }

    private func record(_ messages: [ReceivedMessage]) async {
        if messages.isEmpty { return }
        var outcomes: [TriggerOutcome] = []
        var unknown = 0
        for message in messages {
            let parsed = TriggerOutcome.parse(message.body)
            outcomes += parsed.outcomes
            unknown += parsed.unknown
        }
        if unknown > 0 {
            count("unreadable", unknown)
            runtime.logger.error("\(unknown) outcome lines cannot be read and are dropped")
        }
        do {
            try Failpoint.historianAfterReceive.pass()
            // Read before failure calls are committed: if this historian stalls in between, its ticket is too old to
            // send calls that the queue has forgotten meanwhile (protocols.md, 3).
            let ticket = try await triggers.ticket()
            let result = try await store.record(outcomes)
            try Failpoint.historianAfterRecord.pass()
            count("recorded", result.recorded)
            count("repeated", result.repeated)
            count("orphaned", result.orphaned)
            count("refused", result.refused)
            // Before the confirmation, which may end an invocation of AWS Lambda and stop this process.
            await send(result.failureCalls, ticket: ticket)
            await cancel(result.cancelled)
            _ = try await queue.confirm(
                messages.map(\.receipt), recorded: outcomes.lazy.filter(\.state.isFinal).map { MessageID($0.id) })
            try Failpoint.historianAfterConfirm.pass()
        } catch {
            // The messages are released, or their leases lapse, and the outcomes are recorded later.
            runtime.logger.warning("cannot record \(outcomes.count) outcomes: \(error)")
            _ = try? await queue.release(messages.map(\.receipt), after: .seconds(1))
            runtime.metrics.count(.historianErrors)
            await runtime.life.sleep(.milliseconds(250))
        }
    }

    /// Sends failure calls; the monitor sends them a minute later if this fails.
    private func send(_ calls: [QueuedTrigger], ticket: QueueTicket) async {
        if calls.isEmpty { return }
        do {
            let messages = calls.map { OutgoingMessage($0.message, delay: .zero) }
            let stale = try await triggers.send(messages, ticket: ticket, mode: .add).filter { $0 == .stale }.count
            if stale > 0 {
                runtime.logger.warning("\(stale) failure calls are left to the monitor: this historian was paused")
            }
        } catch {
            runtime.logger.warning("\(calls.count) failure calls are left to the monitor: \(error)")
        }
    }

    /// Cancels the triggers of paused schedules in the queue, before they are due. The monitor settles them, and
    /// repeats cancels that fail here.
    private func cancel(_ ids: [TriggerID]) async {
        if ids.isEmpty { return }
        do {
            _ = try await triggers.cancel(ids.map { MessageID($0) })
        } catch {
            runtime.logger.warning("\(ids.count) triggers of paused schedules are left to the monitor: \(error)")
        }
    }

    private func count(_ result: String, _ number: Int) {
        if number > 0 {
            runtime.metrics.count(.outcomes, number, labels: "result=\"\(result)\"")
        }
    }
}
