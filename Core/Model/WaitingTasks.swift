import Synchronization

/// Tasks that wait until somebody wakes them, their time is up, or they are cancelled.
package final class WaitingTasks: Sendable {
    private struct State {
        var isSignalled = false
        var tasks: [Int: CheckedContinuation<Void, Never>] = [:]
        var next = 0
    }
    private let state = Mutex(State())
    private let keepsSignal: Bool

    /// Nobody waits yet.
    ///
    /// - Parameter keepsSignal: a wake is kept for the next wait, which ends at once because of it.
    package init(keepsSignal: Bool = false) { self.keepsSignal = keepsSignal }

    /// Wakes all that wait.
    package func wake() {
        let tasks = state.withLock { state in
            state.isSignalled = keepsSignal
            defer { state.tasks = [:] }
            return state.tasks.values.map { $0 }
        }
        for task in tasks { task.resume() }
    }

    /// Returns at the next wake, or when the task is cancelled.
    package func wait() async {
        let key = state.withLock { state in
            state.next += 1
            return state.next
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.isSignalled || Task.isCancelled {
                        state.isSignalled = false
                        return true
                    }
                    state.tasks[key] = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.tasks.removeValue(forKey: key) }?.resume()
        }
    }

    /// Returns at the next wake, at the deadline, or when the task is cancelled, whichever is first.
    package func wait(until deadline: ContinuousClock.Instant) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.wait() }
            group.addTask {
                // Cancelled: the other task was first.
                try? await Task.sleep(until: deadline, tolerance: .zero, clock: .continuous)
            }
            await group.next()
            group.cancelAll()
        }
    }
}
