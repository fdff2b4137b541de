package import Model

/// A schedule's running run and those waiting for it; decides whether another may start (protocols.md, 10).
///
/// A value without I/O. A store keeps it in one row per schedule, locked while it is decided on, so that concurrent
/// starts and finishes happen one after another. Repeating a finish changes nothing.
package struct OverlapState: Hashable, Sendable {
    package var running: Identifier?
    /// In order of arrival.
    package var waiting: [Identifier]

    /// A schedule with nothing running or waiting, unless given.
    package init(running: Identifier? = nil, waiting: [Identifier] = []) {
        self.running = running
        self.waiting = waiting
    }

    /// What becomes of a run that asks to start.
    package enum Start: Hashable, Sendable {
        /// It runs now. The other run, if any, is to be cancelled.
        case run(cancelling: Identifier?)
        /// It runs once those before it have finished.
        case wait
        /// Another is running: the trigger ends as `skipped`.
        case skip
    }

    /// Decides on a run that asks to start.
    ///
    /// Asking again for a run that runs or waits changes nothing and never names a run to cancel: cancel it in the same
    /// transaction as the first answer. A run that has ended or was replaced counts as new: check first if it is known.
    package mutating func start(_ run: Identifier, policy: OverlapPolicy) -> Start {
        if running == run || policy == .allow { return .run(cancelling: nil) }
        if waiting.contains(run) { return .wait }
        guard let other = running else {
            running = run
            return .run(cancelling: nil)
        }
        switch policy {
        case .allow, .skip: return .skip
        case .queue(let limit):
            // Another revision may have allowed more to wait; they stay.
            guard waiting.count < limit else { return .skip }
            waiting.append(run)
            return .wait
        case .cancel:
            running = run
            return .run(cancelling: other)
        }
    }

    /// Ends a run, whatever its result, or one that was cancelled while waiting. Returns the run that starts now, if
    /// any.
    package mutating func finish(_ run: Identifier) -> Identifier? {
        waiting.removeAll { $0 == run }
        guard running == run else { return nil }
        running = waiting.isEmpty ? nil : waiting.removeFirst()
        return running
    }

    /// Nothing runs and nothing waits: the row can be deleted.
    package var isIdle: Bool { running == nil && waiting.isEmpty }
}
