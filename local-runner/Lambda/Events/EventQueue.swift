import FunctionRuntime
import Lambda
import Model
import Processes
import Synchronization

/// An asynchronous invocation that waits, or is under way.
struct QueuedEvent: Sendable {
    /// The request id.
    var id: String
    var function: String
    var qualifier: String?
    var clientContext: String?
    var traceID: String?
    /// When it was accepted.
    var created: Timestamp
    /// When it is tried next.
    var due: Timestamp
    /// Tries that ended with an error of the function.
    var functionErrors = 0
    /// Throttles and errors of the service since the last of those.
    var throttles = 0

    var stored: JSON {
        [
            "id": .string(id), "function": .string(function), "qualifier": JSON.text(qualifier),
            "clientContext": JSON.text(clientContext), "traceID": JSON.text(traceID), "created": .time(created),
            "due": .time(due), "functionErrors": .integer(functionErrors), "throttles": .integer(throttles),
        ]
    }

    init(id: String, function: String, qualifier: String?, created: Timestamp) {
        self.id = id
        self.function = function
        self.qualifier = qualifier
        self.created = created
        due = created
    }

    init?(stored: JSON) {
        guard let id = stored["id"]?.text, let function = stored["function"]?.text,
            let created = stored["created"]?.text.flatMap({ Timestamp($0) }),
            let due = stored["due"]?.text.flatMap({ Timestamp($0) })
        else { return nil }
        self.init(id: id, function: function, qualifier: stored["qualifier"]?.text, created: created)
        self.due = due
        clientContext = stored["clientContext"]?.text
        traceID = stored["traceID"]?.text
        functionErrors = stored["functionErrors"]?.int ?? 0
        throttles = stored["throttles"]?.int ?? 0
    }
}

extension JSON {
    /// The text, or null.
    fileprivate static func text(_ text: String?) -> JSON { text.map { .string($0) } ?? .null }
}

/// The asynchronous invocations of a service: kept in files, of which each event has two, one with its payload and one
/// with what is known of it. A runner that is killed has them again when it starts, and repeats what was under way.
final class EventQueue: Sendable {
    private struct State {
        var looks = 0
        /// By their times, the next at the end.
        var waiting: [QueuedEvent] = []
        var wakes: AsyncStream<Void>.Continuation?

        mutating func insert(_ event: QueuedEvent) {
            var (low, high) = (0, waiting.count)
            while low < high {
                let middle = (low + high) / 2
                if waiting[middle].due > event.due { low = middle + 1 } else { high = middle }
            }
            waiting.insert(event, at: low)
        }
    }

    private let folder: String
    private let state = Mutex(State())

    /// With the events that the folder has.
    ///
    /// - Parameter report: told of an event that cannot be read, whose file stays; what was never accepted, or is over, is
    ///   removed.
    init(folder: String, report: (String) -> Void) throws {
        self.folder = folder
        var known: Set<String> = []
        let names = LocalFile.names(in: folder)
        for name in names where name.hasSuffix(".json") {
            known.insert(String(name.dropLast(".json".count)))
            guard let text = LocalFile.text("\(folder)/\(name)"), let json = try? JSON(parsing: text),
                let event = QueuedEvent(stored: json)
            else {
                report("\(folder)/\(name) is damaged: its event is not handled")
                continue
            }
            state.withLock { $0.insert(event) }
        }
        for name in names where !name.hasSuffix(".json") {
            let id = name.split(separator: ".").first.map(String.init) ?? ""
            if !name.hasSuffix(".payload") || !known.contains(id) { LocalFile.remove("\(folder)/\(name)") }
        }
    }

    /// How often it was looked for events that are due.
    var looks: Int { state.withLock { $0.looks } }
    /// How many wait.
    var count: Int { state.withLock { $0.waiting.count } }

    /// Accepts an event.
    func add(_ event: QueuedEvent, payload: [UInt8]) throws {
        // What is known of it comes last: only with that it exists.
        try LocalFile.write(payload, to: "\(folder)/\(event.id).payload", isDurable: false)
        try put(event)
    }

    /// Keeps an event that is to be tried again.
    func put(_ event: QueuedEvent) throws {
        // It has to outlive the runner, not the machine.
        try LocalFile.write(event.stored.description, to: "\(folder)/\(event.id).json", isDurable: false)
        let wakes = state.withLock { state in
            state.insert(event)
            return state.wakes
        }
        wakes?.yield()
    }

    /// The payload of an event; nil: it is lost.
    func payload(of event: QueuedEvent) -> [UInt8]? { LocalFile.bytes("\(folder)/\(event.id).payload") }

    /// Removes an event that is over.
    func remove(_ event: QueuedEvent) {
        LocalFile.remove("\(folder)/\(event.id).json")
        LocalFile.remove("\(folder)/\(event.id).payload")
    }

    /// The events as they are due, each until it is put back; ends when the task is cancelled.
    func due() -> AsyncStream<QueuedEvent> {
        AsyncStream { continuation in
            let wakes = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
            state.withLock { $0.wakes = wakes.continuation }
            let task = Task {
                while !Task.isCancelled {
                    if let next = take() {
                        continuation.yield(next)
                        continue
                    }
                    // Woken by what is put, and when the next is due.
                    let pause = pause
                    let timer = Task {
                        // Cancelled: something was put.
                        do { try await Task.sleep(for: pause) } catch { return }
                        wakes.continuation.yield()
                    }
                    for await _ in wakes.stream { break }
                    timer.cancel()
                }
                continuation.finish()
            }
            continuation.onTermination = { _ in
                task.cancel()
                wakes.continuation.finish()
            }
        }
    }

    private func take() -> QueuedEvent? {
        let now = WallClock.now()
        return state.withLock { state in
            state.looks += 1
            guard let next = state.waiting.last, next.due <= now else { return nil }
            return state.waiting.removeLast()
        }
    }

    private var pause: Duration {
        let due = state.withLock { $0.waiting.last?.due }
        return due.map { max(.milliseconds(1), $0 - WallClock.now()) } ?? .seconds(3_600)
    }
}
