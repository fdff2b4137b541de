private import Glibc
private import Model
private import Synchronization

/// A place between claim and record where tests make the process die, stop, wait or fail, to see that nothing is lost
/// there.
///
/// `HEADGATE_FAILPOINTS` lists `name=action`, separated by commas. Actions: `kill` ends the process with SIGKILL,
/// `stop` stops it with SIGSTOP, `delay:500ms` waits, `error` throws. With `@3`, as in `kill@3`, it acts at the third
/// passage. Each acts once. If unset, passing costs next to nothing.
package final class Failpoint: Sendable {
    private enum Effect: Sendable {
        case none
        case kill
        case stop
        case delay(microseconds: UInt32)
        case error
    }

    /// As `HEADGATE_FAILPOINTS` names it: `loader.before-commit`.
    package let name: String
    private let effect: Effect
    /// Passages left until it acts.
    private let countdown: Atomic<Int>

    private init(_ name: String) {
        self.name = name
        let setting = (FunctionSettings.variable("HEADGATE_FAILPOINTS") ?? "").split(separator: ",")
            .first { $0.hasPrefix("\(name)=") }?.dropFirst(name.utf8.count + 1)
        let parts = (setting ?? "").split(separator: "@")
        countdown = Atomic(parts.count == 2 ? Int(parts[1]) ?? 1 : 1)
        effect =
            switch parts.first {
            case nil: .none
            case "kill": .kill
            case "stop": .stop
            case "error": .error
            case let other?:
                other.hasPrefix("delay:")
                    ? .delay(
                        microseconds: UInt32((Duration(text: other.dropFirst(6)) ?? .zero).microseconds))
                    : .none
            }
    }

    /// Acts if this is the passage to act at; throws `FailpointError` for the action `error`.
    package func pass() throws(FailpointError) {
        if case .none = effect { return }
        guard countdown.subtract(1, ordering: .relaxed).newValue == 0 else { return }
        switch effect {
        case .none: break
        case .kill: raise(SIGKILL)
        case .stop: raise(SIGSTOP)
        // Blocks on purpose: a step that hangs holds its thread too.
        case .delay(let microseconds): usleep(microseconds)
        case .error: throw FailpointError(name: name)
        }
    }

    /// A batch is planned and written, but not committed.
    package static let loaderBeforeCommit = Failpoint("loader.before-commit")
    /// A batch is committed, but nothing of it is sent.
    package static let loaderAfterClaim = Failpoint("loader.after-claim")
    /// A batch is sent.
    package static let loaderAfterSend = Failpoint("loader.after-send")
    /// A pass is sent, but not confirmed.
    package static let loaderBeforeConfirm = Failpoint("loader.before-confirm")
    /// Triggers are leased, but no call is made.
    package static let workerAfterReceive = Failpoint("trigger-worker.after-receive")
    /// The worker has its answers, but has settled nothing.
    package static let workerBeforeSettle = Failpoint("trigger-worker.before-settle")
    /// The worker has settled, but does not know it yet.
    package static let workerAfterSettle = Failpoint("trigger-worker.after-settle")
    /// Outcomes are leased, but nothing is recorded.
    package static let historianAfterReceive = Failpoint("historian.after-receive")
    /// The historian has committed, but acknowledged nothing.
    package static let historianAfterRecord = Failpoint("historian.after-record")
    /// The historian has acknowledged.
    package static let historianAfterConfirm = Failpoint("historian.after-confirm")

    /// Hints and answers are gathered, but no execution is locked.
    package static let stepWorkerBeforeLock = Failpoint("step-worker.before-lock")
    /// Executions are decided on and written, but not committed.
    package static let stepWorkerBeforeCommit = Failpoint("step-worker.before-commit")
    /// A transition is committed, but none of its calls is made.
    package static let stepWorkerAfterCommit = Failpoint("step-worker.after-commit")
    /// A call was answered, but the answer is not applied.
    package static let stepWorkerAfterCall = Failpoint("step-worker.after-call")
    /// Answers are applied, but hints are not acknowledged.
    package static let stepWorkerBeforeAcknowledge = Failpoint("step-worker.before-acknowledge")
    /// Rows of the outbox are read, but not in the history.
    package static let flowHistorianBeforeCommit = Failpoint("flow-historian.before-commit")
    /// Rows of the outbox are in the history, but the cursor is not.
    package static let flowHistorianAfterCommit = Failpoint("flow-historian.after-commit")
    /// Everything up to a transaction is in the history, but the cursor does not say so.
    package static let flowHistorianBeforeCursor = Failpoint("flow-historian.before-cursor")
    /// A table of the outbox is about to be emptied.
    package static let flowHistorianBeforeEmpty = Failpoint("flow-historian.before-empty")

    /// The monitor has read what may be lost, but has sent nothing of it.
    package static let monitorBeforeSend = Failpoint("monitor.before-send")

    /// The outcomes of a settlement are in a queue of SQS, and nothing else of it.
    package static let sqsAfterOutcome = Failpoint("sqs.after-outcome")
    /// The outcomes and the successors of a settlement are in queues of SQS, and the messages themselves, too.
    package static let sqsAfterSuccessor = Failpoint("sqs.after-successor")
    /// A settlement in SQS is complete, but the worker does not know it yet.
    package static let sqsAfterDelete = Failpoint("sqs.after-delete")

    /// The failpoints of a settlement in SQS, in the order in which it passes them.
    package static let ofSQS = [sqsAfterOutcome, sqsAfterSuccessor, sqsAfterDelete]

    /// The failpoints on an execution's path, in the order in which it passes them.
    package static let ofFlows = [
        stepWorkerBeforeLock, stepWorkerBeforeCommit, stepWorkerAfterCommit, stepWorkerAfterCall,
        stepWorkerBeforeAcknowledge, flowHistorianBeforeCommit, flowHistorianAfterCommit, flowHistorianBeforeCursor,
        flowHistorianBeforeEmpty,
    ]

    /// The failpoints on a trigger's path, in the order in which it passes them.
    package static let all = [
        loaderBeforeCommit, loaderAfterClaim, loaderAfterSend, loaderBeforeConfirm, workerAfterReceive,
        workerBeforeSettle, workerAfterSettle, historianAfterReceive, historianAfterRecord, historianAfterConfirm,
    ]
}

/// Thrown by a failpoint whose action is `error`.
package struct FailpointError: Error, CustomStringConvertible {
    package var name: String
    /// Names the failpoint.
    package var description: String { "the failpoint \(name)" }
}
