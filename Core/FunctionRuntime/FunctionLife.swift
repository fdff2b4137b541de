private import Dispatch
private import Glibc
private import Model
private import Synchronization

/// When a function ends: asked once, it drains; asked again, it releases everything at once; when idle or old, it ends
/// by itself.
package final class FunctionLife: Sendable {
    private struct State {
        var requests = 0
        var lastWork = ContinuousClock.now
    }

    private let state = Mutex(State())
    private let waiting = WaitingTasks()
    private let born = ContinuousClock.now
    private let idle: Duration?
    private let maxAge: Duration?

    /// A life that begins now.
    ///
    /// - Parameters:
    ///   - idle: ends after this long without work; nil: never.
    ///   - maxAge: ends at this age; nil: never.
    package init(idle: Duration? = nil, maxAge: Duration? = nil) {
        self.idle = idle
        self.maxAge = maxAge
    }

    /// Makes SIGTERM and SIGINT requests to stop.
    func takeSignals() {
        for number in [SIGTERM, SIGINT] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { self.requestStop() }
            source.resume()
            // Never released, because a source without an owner is cancelled.
            _ = unsafe Unmanaged.passRetained(source as AnyObject)
        }
    }

    /// Asks the function to stop; the second request makes it urgent.
    package func requestStop() {
        state.withLock { $0.requests += 1 }
        waiting.wake()
    }

    /// Restarts the idle time, because there was work.
    package func didWork() { state.withLock { $0.lastWork = .now } }

    /// Whether a stop was requested, by a signal or `requestStop`.
    package var isAskedToStop: Bool { state.withLock { $0.requests > 0 } }
    /// A stop was requested twice: release everything and exit.
    package var isUrgent: Bool { state.withLock { $0.requests > 1 } }

    /// No new work is to be taken: a stop was requested, or the time is up.
    package var isStopping: Bool { isAskedToStop || timeLeft <= .zero }

    /// How long until the function ends by itself if no work comes; an hour or less, negative when overdue.
    package var timeLeft: Duration {
        let now = ContinuousClock.now
        let lastWork = state.withLock { $0.lastWork }
        return min(
            idle.map { $0 - (now - lastWork) } ?? .seconds(3_600), maxAge.map { $0 - (now - born) } ?? .seconds(3_600))
    }

    /// Sleeps for a time, or until the next request to stop or the task's cancellation.
    package func sleep(_ duration: Duration) async { await waiting.wait(until: .now + duration) }

    /// Returns at the next request to stop, or when the task is cancelled.
    package func nextRequest() async { await waiting.wait() }
}
