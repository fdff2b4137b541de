import Model
import Synchronization

/// Answers requests at once, and does works in tasks that `run` owns.
final class Gateway: Sendable {
    struct State: Sendable {
        var works = WorkTable()
        var faults = FaultTable()
        var counts: [ComputeStep: StepCounts] = [:]
    }

    typealias Job = @Sendable () async -> Void

    let state = Mutex(State())
    let computation: Computation
    let results: ResultStore
    let sender: CallbackSender
    /// Every work waits so long before it computes.
    let delay: Duration
    private let jobs: AsyncStream<Job>
    private let newJobs: AsyncStream<Job>.Continuation

    init(computation: Computation, results: ResultStore, sender: CallbackSender, delay: Duration) {
        self.computation = computation
        self.results = results
        self.sender = sender
        self.delay = delay
        (jobs, newJobs) = AsyncStream.makeStream()
    }

    /// Does works until the task is cancelled; then they stop without a result, and are begun again when their calls
    /// are repeated.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await job in jobs { group.addTask { await job() } }
            group.cancelAll()
        }
    }

    func begin(_ job: @escaping Job) { newJobs.yield(job) }

    func count(_ step: ComputeStep, _ field: any WritableKeyPath<StepCounts, Int> & Sendable) {
        state.withLock { $0.counts[step, default: StepCounts()][keyPath: field] += 1 }
    }
}
