import Model
import SQS

/// The long polls of this process: those of a queue are served in the order in which they came, and cost the store
/// nothing while nothing happens (decision 0040).
///
/// Once a receive has found nothing, all polls of that queue wait: for the store's word that the queue has got something,
/// for the time at which it gets something by itself, or for their own end.
actor PollHub {
    private let store: any SQSStore
    private let catalog: QueueCatalog
    private let report: @Sendable (String) -> Void
    private var lines: [QueueAddress: Line] = [:]
    private var lastNumber = 0
    /// The process is asked to stop: polls end at once.
    private var isClosed = false

    private struct Waiter {
        var number: Int
        var options: SQSReceive
        var continuation: CheckedContinuation<Served, any Error>
    }
    /// The polls of one queue.
    private struct Line {
        var waiters: [Waiter] = []
        var isServing = false
        /// Something happened while it was being served.
        var isStirred = false
        var timer: Task<Void, Never>?
        /// When a receive last found nothing, and nothing has happened since; nil: that is not known.
        var emptySince: ContinuousClock.Instant?
    }
    /// What a poll got, and from which incarnation of the queue.
    struct Served: Sendable {
        var messages: [SQSStoredMessage]
        var queue: QueueRecord?
    }

    /// How long new polls rely on what an earlier one has found: the store's word may be lost.
    private static let trust = Duration.seconds(1)

    init(_ store: any SQSStore, _ catalog: QueueCatalog, report: @escaping @Sendable (String) -> Void) {
        self.report = report
        self.store = store
        self.catalog = catalog
    }

    /// How many polls wait.
    var count: Int { lines.values.reduce(0) { $0 + $1.waiters.count } }

    /// Serves polls as the store's wakes come in, until the task is cancelled.
    func run() async {
        for await address in store.wakes() {
            if let address {
                stir(address)
            } else {
                for address in Array(lines.keys) { stir(address) }
            }
        }
    }

    /// Waits for messages; empty at the deadline. A poll that is cancelled gets none.
    func receive(
        _ options: SQSReceive, from address: QueueAddress, until deadline: ContinuousClock.Instant
    ) async throws -> Served {
        if isClosed { return Served(messages: []) }
        if options.attemptID != nil {
            // Who lost an answer gets it although nothing has happened since, and whoever else waits.
            let served = try await ask(options, address)
            if !served.messages.isEmpty { return served }
        }
        lastNumber += 1
        let number = lastNumber
        let timeout = Task {
            // Cancelled: the poll has been served.
            do { try await Task.sleep(until: deadline, clock: .continuous) } catch { return }
            end(number, of: address, .success(Served(messages: [])))
        }
        defer { timeout.cancel() }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                if Task.isCancelled { return continuation.resume(throwing: CancellationError()) }
                lines[address, default: Line()].waiters.append(
                    Waiter(number: number, options: options, continuation: continuation))
                let emptySince = lines[address]?.emptySince
                if emptySince.map({ ContinuousClock.now - $0 > PollHub.trust }) ?? true { stir(address) }
            }
        } onCancel: {
            Task { await end(number, of: address, .failure(CancellationError())) }
        }
    }

    /// Ends all polls with nothing, now and from now on.
    func close() {
        isClosed = true
        for (address, line) in lines {
            for waiter in line.waiters { end(waiter.number, of: address, .success(Served(messages: []))) }
        }
    }

    private func end(_ number: Int, of address: QueueAddress, _ result: Result<Served, any Error>) {
        guard let place = lines[address]?.waiters.firstIndex(where: { $0.number == number }) else { return }
        lines[address]!.waiters.remove(at: place).continuation.resume(with: result)
        dropIfIdle(address)
    }

    private func dropIfIdle(_ address: QueueAddress) {
        guard let line = lines[address], line.waiters.isEmpty, !line.isServing else { return }
        line.timer?.cancel()
        lines[address] = nil
    }

    /// Something may have come: serves the queue's polls, if there are any.
    private func stir(_ address: QueueAddress) {
        guard lines[address] != nil else { return }
        lines[address]!.emptySince = nil
        lines[address]!.isStirred = true
        guard !lines[address]!.isServing else { return }
        lines[address]!.isServing = true
        Task { await serve(address) }
    }

    private func serve(_ address: QueueAddress) async {
        while lines[address]?.isStirred == true {
            lines[address]!.isStirred = false
            lines[address]!.timer?.cancel()
            while let waiter = lines[address]?.waiters.first {
                guard await serve(waiter, address) else { break }
            }
        }
        lines[address]?.isServing = false
        dropIfIdle(address)
    }

    private func ask(_ options: SQSReceive, _ address: QueueAddress) async throws -> Served {
        try await catalog.with(address) { [store] queue in
            Served(messages: try await store.receive(options, from: queue).messages, queue: queue)
        }
    }

    /// Takes back what nobody is there to get.
    func giveBack(_ served: Served, to address: QueueAddress) async {
        guard let queue = served.queue else { return }
        do {
            try await catalog.with(address) { [store] now in
                // Of a queue that was made anew nothing can be given back.
                guard now.incarnation == queue.incarnation else { return }
                try await store.giveBack(served.messages.map { $0.handle(in: now) }, to: now)
            }
        } catch {
            // They become visible when their timeouts end.
            report("\(served.messages.count) messages that reached nobody are not given back: \(error)")
        }
    }

    /// Serves one poll. False: there is nothing for it, so that the others wait, too.
    private func serve(_ waiter: Waiter, _ address: QueueAddress) async -> Bool {
        do {
            let (received, queue) = try await catalog.with(address) { queue in
                (try await store.receive(waiter.options, from: queue), queue)
            }
            if received.messages.isEmpty {
                wait(received.nextChange, address)
                return false
            }
            let isThere = lines[address]?.waiters.contains { $0.number == waiter.number } ?? false
            guard isThere else {
                // Its client has gone, or its time was over: the next one gets them.
                await giveBack(Served(messages: received.messages, queue: queue), to: address)
                return true
            }
            end(waiter.number, of: address, .success(Served(messages: received.messages, queue: queue)))
            return true
        } catch {
            end(waiter.number, of: address, .failure(error))
            return true
        }
    }

    /// Serves the queue again when it gets something by itself.
    private func wait(_ time: Duration?, _ address: QueueAddress) {
        guard lines[address]?.isStirred == false else { return }
        lines[address]!.emptySince = .now
        guard let time else { return }
        lines[address]!.timer = Task {
            // Cancelled: it is served for another reason.
            do { try await Task.sleep(for: max(.milliseconds(1), time), tolerance: .zero) } catch { return }
            stir(address)
        }
    }
}
