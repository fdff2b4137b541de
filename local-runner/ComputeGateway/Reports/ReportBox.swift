import Model
import Synchronization

/// The reports of one work on their way to its callback: first `running`, then the latest progress, last the result.
///
/// Computing never waits for the callback, so progress that nobody has fetched is replaced by later one.
final class ReportBox: Sendable {
    /// Progress is reported at most this often.
    static let pace: Duration = .milliseconds(200)

    private struct State {
        var isBegun = false
        var progress: JSON?
        var nextProgress = ContinuousClock.now
        var result: JSON?
    }

    private let state = Mutex(State())
    private let arrivals = WaitingTasks(keepsSignal: true)

    /// Offers progress, which is dropped if the latest was less than 200 ms ago.
    func progress(_ metrics: () -> JSON) {
        let now = ContinuousClock.now
        let isDue = state.withLock { state in
            guard now >= state.nextProgress else { return false }
            state.nextProgress = now + ReportBox.pace
            return true
        }
        guard isDue else { return }
        let report = Report.progress(metrics()).json
        state.withLock { $0.progress = report }
        arrivals.wake()
    }

    /// Puts in the result, a report's JSON, after which there is no more.
    func finish(_ result: JSON) {
        state.withLock { $0.result = result }
        arrivals.wake()
    }

    /// The next report to send, once there is one; nil if the task is cancelled first.
    func next() async -> (report: JSON, isLast: Bool)? {
        while !Task.isCancelled {
            if let next = take() { return next }
            await arrivals.wait()
        }
        return nil
    }

    /// Whether there is something newer than what was taken last.
    var hasNext: Bool { state.withLock { $0.progress != nil || $0.result != nil } }

    private func take() -> (report: JSON, isLast: Bool)? {
        state.withLock { state in
            if !state.isBegun {
                state.isBegun = true
                return (Report.running.json, false)
            }
            if let progress = state.progress.take() { return (progress, false) }
            return state.result.map { ($0, true) }
        }
    }
}
