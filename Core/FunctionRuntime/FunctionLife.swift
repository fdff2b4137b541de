private import Dispatch
private import Glibc
private import Synchronization

/// When a function ends: asked once, it drains; asked again, it lets go at once; idle or old, it ends by itself.
package final class FunctionLife: Sendable {
    private struct State {
        var requests = 0
        var lastWork = ContinuousClock.now
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
        var next = 0
    }

    private let state = Mutex(State())
    private let born = ContinuousClock.now
    private let idle: Duration?
    private let maxAge: Duration?

    /// - Parameters:
    ///   - idle: ends after so long without work; nil: never.
    ///   - maxAge: ends when so old; nil: never.
    package init(idle: Duration? = nil, maxAge: Duration? = nil) {
        self.idle = idle
        self.maxAge = maxAge
    }

    /// SIGTERM and SIGINT ask to stop.
    func takeSignals() {
        for number in [SIGTERM, SIGINT] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { self.requestStop() }
            source.resume()
            // Never released: a source without an owner is cancelled.
            _ = unsafe Unmanaged.passRetained(source as AnyObject)
        }
    }

    package func requestStop() {
        let waiters = state.withLock { state in
            state.requests += 1
            defer { state.waiters = [:] }
            return state.waiters.values.map { $0 }
        }
        for waiter in waiters { waiter.resume() }
    }

    /// There was work: the idle time begins anew.
    package func noteWork() { state.withLock { $0.lastWork = .now } }

    package var isAskedToStop: Bool { state.withLock { $0.requests > 0 } }
    /// Asked twice: release everything and exit.
    package var isUrgent: Bool { state.withLock { $0.requests > 1 } }

    /// No new work is to be taken.
    package var isStopping: Bool { isAskedToStop || timeLeft <= .zero }

    /// How long until the function ends by itself, if no work comes.
    package var timeLeft: Duration {
        let now = ContinuousClock.now
        let lastWork = state.withLock { $0.lastWork }
        return min(
            idle.map { $0 - (now - lastWork) } ?? .seconds(3_600), maxAge.map { $0 - (now - born) } ?? .seconds(3_600))
    }

    /// Sleeps for a time, or until the next request to stop.
    package func sleep(_ duration: Duration) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                // Cancelled means that the other task was first.
                try? await Task.sleep(for: duration, tolerance: .zero)
            }
            group.addTask { await self.nextRequest() }
            await group.next()
            group.cancelAll()
        }
    }

    /// Returns at the next request to stop, or when cancelled.
    package func nextRequest() async {
        let key = state.withLock { state in
            state.next += 1
            return state.next
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let resumes = state.withLock { state in
                    if Task.isCancelled { return true }
                    state.waiters[key] = continuation
                    return false
                }
                if resumes { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: key) }?.resume()
        }
    }
}
