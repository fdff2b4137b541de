import FunctionRuntime
import Lambda
import Model
import Processes

/// Moves the messages of a queue into a function: carries out what `MappingMachine` decides.
actor MappingRunner {
    /// Invokes the function with an event.
    typealias Invoke = @Sendable (_ event: [UInt8]) async -> BatchOutcome

    private let queue: QueueReference
    private let queueARN: String
    private let queues: any QueueService
    private let invoke: Invoke
    private let report: @Sendable (String) -> Void
    private var machine: MappingMachine
    private var receives: [Int: Task<Void, Never>] = [:]
    private var deletions = 0
    private var isStopped = false
    private var timer: (deadline: Timestamp, task: Task<Void, Never>)?
    /// Resolves when everything is settled, after `stop`.
    nonisolated let ended = OneShot<Void>()

    /// How long a batch of deletions is tried again.
    private static let deletionPauses: [Duration] = [.milliseconds(100), .seconds(1), .seconds(5)]

    /// - Parameter visibility: the queue's visibility timeout.
    init(
        _ configuration: MappingConfiguration, queue: QueueReference, queueARN: String, visibility: Duration,
        queues: any QueueService, report: @escaping @Sendable (String) -> Void, invoke: @escaping Invoke
    ) {
        self.queue = queue
        self.queueARN = queueARN
        self.queues = queues
        self.report = report
        self.invoke = invoke
        machine = MappingMachine(configuration, visibility: visibility, now: WallClock.now())
    }

    func start() { handle(.timePassed) }

    /// Receives and invokes nothing more; what functions have is settled before `ended`.
    func stop() { handle(.stop) }

    private func handle(_ event: MappingMachine.Event) {
        for action in machine.handle(event, now: WallClock.now()) { carryOut(action) }
        setTimer()
    }

    private func carryOut(_ action: MappingMachine.Action) {
        switch action {
        case .receive(let number, let limit, let wait):
            receives[number] = Task { await receive(number, limit, wait) }
        case .cancel(let number): receives[number]?.cancel()
        case .invoke(let batch, let messages):
            Task {
                let outcome = await invoke(MappingEvent.bytes(messages))
                handle(.finished(batch: batch, outcome))
            }
        case .delete(let messages):
            deletions += 1
            Task {
                await delete(messages)
                deletions -= 1
                endIfSettled()
            }
        case .stopped:
            isStopped = true
            endIfSettled()
        }
    }

    private func endIfSettled() {
        if isStopped, deletions == 0 { ended.resolve(()) }
    }

    private func setTimer() {
        if let timer, timer.deadline == machine.nextDeadline { return }
        timer?.task.cancel()
        timer = machine.nextDeadline.map { deadline in
            (
                deadline,
                Task {
                    // Cancelled: another timer is set, or none is needed.
                    do { try await Task.sleep(for: max(.zero, deadline - WallClock.now())) } catch { return }
                    // Replaced while it waited for its turn.
                    if Task.isCancelled { return }
                    timer = nil
                    handle(.timePassed)
                }
            )
        }
    }

    // MARK: The queue

    private func receive(_ number: Int, _ limit: Int, _ wait: Duration) async {
        do {
            let answer = try await queues.call(
                "ReceiveMessage",
                [
                    "QueueUrl": .string(queue.url), "MaxNumberOfMessages": .integer(limit),
                    "WaitTimeSeconds": .integer(Int(wait.microseconds / 1_000_000)),
                    "MessageSystemAttributeNames": ["All"], "MessageAttributeNames": ["All"],
                ], region: queue.region)
            let messages = (answer["Messages"]?.elements ?? []).compactMap {
                MappingMessage(received: $0, queueARN: queueARN, region: queue.region)
            }
            receives[number] = nil
            handle(.received(receive: number, messages))
        } catch {
            if !(error is CancellationError) { report("cannot receive from \(queueARN): \(error)") }
            receives[number] = nil
            handle(.receiveFailed(receive: number))
        }
    }

    /// Messages that cannot be deleted are given out again.
    private func delete(_ messages: [MappingMessage]) async {
        for start in stride(from: 0, to: messages.count, by: 10) {
            let batch = messages[start..<min(start + 10, messages.count)]
            let entries = batch.enumerated().map { index, message -> JSON in
                ["Id": .string("\(index)"), "ReceiptHandle": .string(message.receiptHandle)]
            }
            let input: JSON = ["QueueUrl": .string(queue.url), "Entries": .array(entries)]
            for attempt in 0... {
                do {
                    let answer = try await queues.call("DeleteMessageBatch", input, region: queue.region)
                    let failed = answer["Failed"]?.elements ?? []
                    if !failed.isEmpty {
                        report("\(failed.count) messages of \(queueARN) are not deleted: \(failed[0])")
                    }
                    break
                } catch {
                    guard attempt < MappingRunner.deletionPauses.count else {
                        report("\(batch.count) messages of \(queueARN) are not deleted: \(error)")
                        break
                    }
                    // Cancelled: the runner ends.
                    try? await Task.sleep(for: MappingRunner.deletionPauses[attempt])
                }
            }
        }
    }
}
