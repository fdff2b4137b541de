package import Model

/// Which of a schedule's runs is going on and which wait for it: decides what becomes of another (protocols.md, 10).
///
/// A value without I/O. A store keeps it in one row a schedule, locked while it is decided on, so that two starts and a finish at
/// once come one after the other. A finish that is told again changes nothing.
package struct OverlapState: Hashable, Sendable {
    package var running: Identifier?
    /// In the order in which they came.
    package var waiting: [Identifier]

    package init(running: Identifier? = nil, waiting: [Identifier] = []) {
        self.running = running
        self.waiting = waiting
    }

    package enum Start: Hashable, Sendable {
        /// It runs now. The other run, if there is one, is to be cancelled.
        case run(cancelling: Identifier?)
        /// It runs when those before it have finished.
        case wait
        /// Another is running: the trigger is `skipped`.
        case skip
    }

    /// A run asks to start. One that runs or waits gets the same answer again; one that has ended, or was replaced, would be
    /// decided anew: who starts runs first looks whether it knows this one, and cancels the other in the same transaction.
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
            // Another revision may have let more wait; they stay.
            guard waiting.count < limit else { return .skip }
            waiting.append(run)
            return .wait
        case .cancel:
            running = run
            return .run(cancelling: other)
        }
    }

    /// A run has ended, in whatever way, or was cancelled while it waited: the one that starts now, if one does.
    package mutating func finish(_ run: Identifier) -> Identifier? {
        waiting.removeAll { $0 == run }
        guard running == run else { return nil }
        running = waiting.isEmpty ? nil : waiting.removeFirst()
        return running
    }

    /// Nothing runs and nothing waits: the row can go.
    package var isIdle: Bool { running == nil && waiting.isEmpty }
}
