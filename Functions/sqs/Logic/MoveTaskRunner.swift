import Model
import SQS

/// Carries out move tasks. Of several processes one has a task at a time: it renews its hold while it works, and another
/// takes over when that has ended.
actor MoveTaskRunner {
    private let store: any SQSStore
    private let report: @Sendable (String) -> Void
    private let id: Identifier
    private var isAwake = true

    private static let step = Duration.milliseconds(100)
    /// How often tasks of other processes are looked for that have died.
    private static let look = Duration.seconds(20)
    private static let hold = Duration.seconds(30)
    /// Messages of one step.
    private static let most = 100

    init(_ store: any SQSStore, report: @escaping @Sendable (String) -> Void) {
        self.store = store
        self.report = report
        var random = SystemRandomNumberGenerator()
        id = Identifier(high: random.next(), low: random.next())
    }

    /// There is a new task.
    func wake() { isAwake = true }

    /// Works until the task is cancelled; while there is nothing to do it asks the store once in 20 s.
    func run() async {
        var looked = ContinuousClock.now - MoveTaskRunner.look
        while !Task.isCancelled {
            if isAwake || ContinuousClock.now - looked >= MoveTaskRunner.look {
                isAwake = false
                looked = .now
                if await workOnAll() { isAwake = true }
            }
            // Cancelled: the loop ends.
            try? await Task.sleep(for: MoveTaskRunner.step)
        }
    }

    /// Takes a step of every task that nobody else has. True: there are more to take.
    private func workOnAll() async -> Bool {
        var isBusy = false
        do {
            for source in try await store.moveTaskSources() {
                do {
                    if try await work(on: source) { isBusy = true }
                } catch {
                    // One task that fails holds up no other; it is taken up again at the next look.
                    report("the move task of \(source): \(error)")
                }
            }
        } catch {
            report("move tasks cannot be read: \(error)")
        }
        return isBusy
    }

    private func work(on source: QueueAddress) async throws -> Bool {
        let old = try await store.moveTasks(of: source)
        var tasks = MoveTask.list(old)
        guard let place = tasks.firstIndex(where: { $0.status == .running }) else { return false }
        let now = try await store.now()
        guard tasks[place].holder == id || tasks[place].heldUntil <= now else { return false }
        // Held before anything is moved: of two processes one steps.
        guard tasks[place].holder == id, tasks[place].heldUntil > now else {
            tasks[place].holder = id
            tasks[place].heldUntil = now + MoveTaskRunner.hold
            return try await store.replaceMoveTasks(of: source, old, with: MoveTask.text(tasks), isRunning: true)
        }
        tasks[place].heldUntil = now + MoveTaskRunner.hold
        do {
            try await step(&tasks[place], now)
        } catch SQSStoreError.stale {
            // A queue has changed in between: the next step sees it as it is.
        }
        // Cancelled meanwhile: what was moved stays moved.
        let isRunning = tasks[place].status == .running
        _ = try await store.replaceMoveTasks(of: source, old, with: MoveTask.text(tasks), isRunning: isRunning)
        return true
    }

    private func step(_ task: inout MoveTask, _ now: Timestamp) async throws {
        guard let source = try await store.record(of: task.source) else {
            return fail(&task, "AWS.SimpleQueueService.NonExistentQueue")
        }
        let count = task.allowance(now, most: MoveTaskRunner.most)
        if count == 0 { return }
        let messages = try await store.peek(.visible, limit: count, in: source)
        if messages.isEmpty {
            task.status = .completed
            return
        }
        // In their order, those that go to one queue together.
        var rest = messages[...]
        while let first = rest.first {
            let part = rest.prefix { $0.origin == first.origin || task.destination != nil }
            rest = rest.dropFirst(part.count)
            let target = task.destination ?? first.origin.map { QueueAddress(realm: source.address.realm, name: $0) }
            guard let target else { return fail(&task, "CouldNotDetermineMessageSource") }
            guard let record = try await store.record(of: target) else {
                return fail(&task, "AWS.SimpleQueueService.NonExistentQueue")
            }
            task.moved += try await store.move(part.map(MoveTaskRunner.renamed), from: source, to: record)
        }
    }

    /// A moved message has a new id.
    private static func renamed(_ stored: SQSStoredMessage) -> SQSStoredMessage {
        var random = SystemRandomNumberGenerator()
        var copy = stored
        copy.message.id = .v4(using: &random)
        return copy
    }

    private func fail(_ task: inout MoveTask, _ reason: String) {
        task.status = .failed
        task.failure = reason
    }
}
