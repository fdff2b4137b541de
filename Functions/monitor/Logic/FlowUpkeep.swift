package import Model
package import Queue
private import Sending
package import Store
private import Synchronization

/// Looks after executions of flows: sends lost hints again, ends runs that have ended, and removes executions whose time
/// has come (protocols.md, 17, 18).
package struct FlowUpkeep: Sendable {
    private let executions: any ExecutionUpkeep
    let hints: any MessageQueue
    private let triggers: any MessageQueue
    private let scan = ArrivalScan()

    /// How long a hint may take before it counts as lost.
    private static let hintPatience = Duration.seconds(5)
    /// How long a run that has ended may stand as running.
    private static let runPatience = Duration.seconds(15)
    /// Rows of one statement.
    private static let batch = 1_000
    /// Pages of arrivals that are read at a time.
    private static let pages = 100

    /// Where the next round goes on reading arrivals.
    private final class ArrivalScan: Sendable {
        let last = Mutex<UnappliedArrival?>(nil)
    }

    /// Sends hints to `hints`, and `onFailure` calls and cancels of paused schedules to `triggers`.
    package init(executions: any ExecutionUpkeep, hints: any MessageQueue, triggers: any MessageQueue) {
        self.executions = executions
        self.hints = hints
        self.triggers = triggers
    }

    /// One round.
    package func keep(now: Timestamp, isStopping: () -> Bool) async throws {
        var failure: (any Error)?
        // What fails holds up nothing else.
        func attempt(_ part: () async throws -> Void) async {
            do { try await part() } catch { failure = failure ?? error }
        }
        await attempt { try await sendLostHints(now: now, isStopping: isStopping) }
        await attempt {
            _ = try await executions.repairOverlaps(before: now - FlowUpkeep.runPatience, limit: FlowUpkeep.batch)
        }
        await attempt { while !isStopping(), try await countRunEnds() == FlowUpkeep.batch {} }
        await attempt {
            while !isStopping(),
                try await executions.forgetEnded(before: now, limit: FlowUpkeep.batch) == FlowUpkeep.batch
            {}
        }
        if let failure { throw failure }
    }

    /// A call that cannot be sent now is sent by the monitor's search for lost triggers, and a cancel is repeated by it
    /// (protocols.md, 3).
    private func countRunEnds() async throws -> Int {
        // Read before the calls are committed: if this monitor stalls in between, its ticket is too old to send calls that
        // the queue has forgotten meanwhile.
        let ticket = try await triggers.ticket()
        let counted = try await executions.countRunEnds(limit: FlowUpkeep.batch)
        if !counted.calls.isEmpty {
            let messages = counted.calls.map { OutgoingMessage($0.message, delay: .zero) }
            _ = try await triggers.send(messages, ticket: ticket, mode: .add)
        }
        if !counted.cancelled.isEmpty { _ = try await triggers.cancel(counted.cancelled.map { MessageID($0) }) }
        return counted.count
    }

    /// Page by page of all arrivals: those of executions that are quarantined stay, and must not hold up others.
    private func sendLostHints(now: Timestamp, isStopping: () -> Bool) async throws {
        for _ in 0..<FlowUpkeep.pages where !isStopping() {
            let page = try await executions.unapplied(
                after: scan.last.withLock { $0 }, before: now - FlowUpkeep.hintPatience, limit: FlowUpkeep.batch)
            let gone = page.filter { !$0.isKnown }
            if !gone.isEmpty { try await executions.drop(gone) }
            var seen: Set<ExecutionID> = []
            let open = page.filter { $0.isKnown && seen.insert($0.execution).inserted }
            if !open.isEmpty {
                _ = try await hints.send(open.map { StepHint.message($0.execution, tenant: $0.tenant) })
            }
            let isLast = page.count < FlowUpkeep.batch
            scan.last.withLock { $0 = isLast ? nil : page.last }
            if isLast { return }
        }
    }
}
