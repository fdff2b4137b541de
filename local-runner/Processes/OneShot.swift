import Synchronization

/// A value that is set once and awaited by many.
package final class OneShot<Value: Sendable>: Sendable {
    private struct State {
        var value: Value?
        var waiters: [Int: CheckedContinuation<Value?, Never>] = [:]
        var nextWaiter = 0
    }

    private let state = Mutex(State())

    /// Without a value yet.
    package init() {}

    /// The value, if it has been set.
    package var value: Value? { state.withLock { $0.value } }

    /// Sets the value and resumes all waiters. A second value is dropped.
    package func resolve(_ value: Value) {
        let waiters = state.withLock { state in
            guard state.value == nil else { return [CheckedContinuation<Value?, Never>]() }
            state.value = value
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        for waiter in waiters { waiter.resume(returning: value) }
    }

    /// The value once it is set; nil if the task is cancelled first.
    package func wait() async -> Value? {
        let waiter = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let known: Value?? = state.withLock { state in
                    if let value = state.value { return .some(value) }
                    // The handler below may have run already; then nothing else would resume this.
                    if Task.isCancelled { return .some(nil) }
                    state.waiters[waiter] = continuation
                    return nil
                }
                if let known { continuation.resume(returning: known) }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: waiter) }?.resume(returning: nil)
        }
    }

    /// Waits until all are set, at most for a duration; returns early if the task is cancelled.
    package static func wait(for all: [OneShot], atMost duration: Duration) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for shot in all { _ = await shot.wait() } }
            // Cancelled once all are set.
            group.addTask { try? await Task.sleep(for: duration) }
            await group.next()
            group.cancelAll()
        }
    }

    /// The value once it is set; nil after the duration, or if the task is cancelled first.
    package func wait(for duration: Duration) async -> Value? {
        await withTaskGroup(of: Value?.self) { group in
            group.addTask { await self.wait() }
            group.addTask {
                // Cancelled with the group, once the other task has its answer.
                try? await Task.sleep(for: duration)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
    }
}
