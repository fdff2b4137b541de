private import CPlatform
private import Glibc

/// A serial executor with a thread of its own. An actor that uses it may make blocking calls.
///
/// When the executor is released, the thread first runs the jobs that are enqueued, then ends.
package final class ThreadExecutor: SerialExecutor {
    private let queue: JobQueue

    /// Starts the thread. `name` appears in debuggers, at most 15 bytes of it.
    package init(name: String) {
        queue = JobQueue()
        startThread(name: name) { [queue] in
            while let next = unsafe queue.take() { unsafe next.job.runSynchronously(on: next.executor) }
        }
    }

    /// Adds a job; jobs run in this order, one at a time.
    package func enqueue(_ job: consuming ExecutorJob) {
        unsafe queue.put(UnownedJob(job), on: asUnownedSerialExecutor())
    }

    /// The executor as an actor returns it from `unownedExecutor`.
    package func asUnownedSerialExecutor() -> UnownedSerialExecutor { unsafe UnownedSerialExecutor(ordinary: self) }

    deinit { queue.close() }
}

/// Runs `body` on a new detached thread; traps if none can be started.
package func startThread(name: String, _ body: @escaping @Sendable () -> Void) {
    final class Box {
        let body: () -> Void
        init(_ body: @escaping () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    let box = unsafe Unmanaged.passRetained(
        Box {
            unsafe headgate_name_thread(name)
            body()
        })
    let code = unsafe pthread_create(
        &thread, nil,
        { context in
            unsafe Unmanaged<Box>.fromOpaque(context!).takeRetainedValue().body()
            return nil
        }, box.toOpaque())
    precondition(code == 0, "no thread could be started: error \(code)")
    pthread_detach(thread)
}

/// The jobs of one thread, and the condition that it waits on.
@safe private final class JobQueue: @unchecked Sendable {
    // Safe to share: `jobs` and `isClosed` are touched only between lock and unlock.
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var jobs: [(job: UnownedJob, executor: UnownedSerialExecutor)] = unsafe []
    private var taken = 0
    private var isClosed = false

    init() {
        unsafe pthread_mutex_init(mutex, nil)
        unsafe pthread_cond_init(condition, nil)
    }

    deinit {
        unsafe pthread_cond_destroy(condition)
        unsafe pthread_mutex_destroy(mutex)
        unsafe condition.deallocate()
        unsafe mutex.deallocate()
    }

    func put(_ job: UnownedJob, on executor: UnownedSerialExecutor) {
        unsafe pthread_mutex_lock(mutex)
        unsafe jobs.append((job, executor))
        unsafe pthread_cond_signal(condition)
        unsafe pthread_mutex_unlock(mutex)
    }

    func close() {
        unsafe pthread_mutex_lock(mutex)
        isClosed = true
        unsafe pthread_cond_signal(condition)
        unsafe pthread_mutex_unlock(mutex)
    }

    /// The next job, after waiting for one; nil once closed and empty.
    func take() -> (job: UnownedJob, executor: UnownedSerialExecutor)? {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        while unsafe taken == jobs.count {
            unsafe jobs.removeAll(keepingCapacity: true)
            taken = 0
            if isClosed { return nil }
            unsafe pthread_cond_wait(condition, mutex)
        }
        taken += 1
        return unsafe jobs[taken - 1]
    }
}
