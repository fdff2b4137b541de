/// The works that are not over, and what may happen to them next. Only decides: the caller computes, keeps and posts.
///
/// ```
/// queued → running → reporting → (over)
///             └ cancelling ┘        vanished stays until it is cancelled
/// ```
struct WorkTable: Sendable {
    /// At most this many works compute at once.
    static let slots = 8
    /// At most this many works are known at once; a further call is answered 503.
    static let limit = 1_000

    private enum Phase: Equatable {
        case queued
        /// Has a slot.
        case running
        /// Has a slot until its task has ended.
        case cancelling
        /// Was accepted and is never done.
        case vanished
        /// Is over, and its result is being posted, then again to another URL if there is one.
        case reporting(again: String?)
    }

    private struct Entry {
        var work: Work
        var phase: Phase
    }

    /// What a call finds.
    enum Finding: Equatable {
        case unknown
        case running
        /// The result will be posted once more.
        case ended
    }

    private var entries: [String: Entry] = [:]
    private var queue: [String] = []
    private(set) var running = 0

    var isFull: Bool { entries.count >= WorkTable.limit }
    var queued: Int { queue.count }

    /// Whether a key is known. If its result is being posted, it is noted that it shall be posted once more.
    mutating func find(_ key: String, callback: String) -> Finding {
        guard let entry = entries[key] else { return .unknown }
        guard case .reporting = entry.phase else { return .running }
        entries[key]!.phase = .reporting(again: callback)
        return .ended
    }

    /// Takes in a new work. True: it shall begin now; false: it waits, or never begins.
    mutating func add(_ work: Work) -> Bool {
        precondition(entries[work.key] == nil, "\(work.key) is known already")
        if work.fault == .vanish {
            entries[work.key] = Entry(work: work, phase: .vanished)
            return false
        }
        if running < WorkTable.slots {
            entries[work.key] = Entry(work: work, phase: .running)
            running += 1
            return true
        }
        entries[work.key] = Entry(work: work, phase: .queued)
        queue.append(work.key)
        return false
    }

    /// Takes in a work that was over before: only its result is to be posted.
    mutating func addEnded(_ work: Work) {
        precondition(entries[work.key] == nil, "\(work.key) is known already")
        entries[work.key] = Entry(work: work, phase: .reporting(again: nil))
    }

    /// The task of a work has ended: its slot goes to the next.
    ///
    /// - Returns: whether the work had been cancelled, and the work that shall begin now.
    mutating func ended(_ key: String) -> (isCancelled: Bool, next: Work?) {
        guard let phase = entries[key]?.phase, phase == .running || phase == .cancelling else {
            preconditionFailure("\(key) has ended while it was \(entries[key].map { "\($0.phase)" } ?? "unknown")")
        }
        entries[key]!.phase = .reporting(again: nil)
        running -= 1
        guard !queue.isEmpty else { return (phase == .cancelling, nil) }
        let next = queue.removeFirst()
        entries[next]!.phase = .running
        running += 1
        return (phase == .cancelling, entries[next]!.work)
    }

    /// The result of a work has been posted, or will not be. The URL to post it to once more; nil: it is over.
    mutating func reported(_ key: String) -> String? {
        guard case .reporting(let again) = entries[key]?.phase else {
            preconditionFailure("\(key) was reported while it was \(entries[key].map { "\($0.phase)" } ?? "unknown")")
        }
        if again == nil { entries[key] = nil } else { entries[key]!.phase = .reporting(again: nil) }
        return again
    }

    /// Cancels the works of a step.
    ///
    /// - Parameter attempt: later attempts are spared: a cancel call may be late. Nil: all.
    /// - Returns: the works whose tasks are to be stopped, and those that are over without ever having had one.
    mutating func cancel(stepID: String, upTo attempt: Int?) -> (stopped: [Work], over: [Work]) {
        var result = (stopped: [Work](), over: [Work]())
        for (key, entry) in entries where entry.work.stepID == stepID {
            if let attempt, let other = entry.work.attempt, other > attempt { continue }
            switch entry.phase {
            case .running:
                entries[key]!.phase = .cancelling
                result.stopped.append(entry.work)
            case .queued, .vanished:
                queue.removeAll { $0 == key }
                entries[key]!.phase = .reporting(again: nil)
                result.over.append(entry.work)
            case .cancelling, .reporting: break
            }
        }
        return result
    }
}
