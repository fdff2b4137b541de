package import Model

/// The messages that gather into a batch: a value that is told what comes and when, and says when to invoke.
///
/// A batch is handed over when it has as many messages as the mapping allows, when its window has passed since its first
/// message, or when the next message would take the event over 6 MB (row 34).
package struct BatchGathering<Message: Sendable>: Sendable {
    private let size: Int
    private let window: Duration
    private let longest: Int
    private var messages: [(message: Message, bytes: Int)] = []
    private var began: Timestamp?
    /// Bytes of its messages, as they stand in the event.
    package private(set) var bytes = 0

    /// An empty batch of a mapping.
    package init(_ configuration: MappingConfiguration) {
        size = configuration.batchSize
        window = .seconds(configuration.window)
        longest = MappingConfiguration.longestEvent
    }

    /// How many messages it has.
    package var count: Int { messages.count }
    /// How many more it can take.
    package var room: Int { size - messages.count }
    /// When it is to be handed over at the latest; nil: it is empty.
    package var deadline: Timestamp? { messages.isEmpty ? nil : began.map { $0 + window } }

    /// Adds a message of so many bytes, as it stands in the event. Returns the batches that are complete by that.
    package mutating func add(_ message: Message, bytes count: Int, now: Timestamp) -> [[Message]] {
        var complete: [[Message]] = []
        if !messages.isEmpty, bytes + count > longest { complete.append(take()) }
        began = began ?? now
        messages.append((message, count))
        bytes += count
        if messages.count >= size || bytes >= longest { complete.append(take()) }
        return complete
    }

    /// The batch, if its window has passed.
    package mutating func flush(now: Timestamp) -> [Message]? {
        guard let deadline, now >= deadline else { return nil }
        return take()
    }

    /// Lets go of the first messages, up to one that is not to go. The window goes on, also for what comes in their place.
    package mutating func letGo(while isToGo: (Message) -> Bool) {
        let kept = messages.firstIndex { !isToGo($0.message) } ?? messages.endIndex
        for entry in messages[..<kept] { bytes -= entry.bytes }
        messages.removeFirst(kept)
    }

    private mutating func take() -> [Message] {
        defer {
            messages = []
            bytes = 0
            began = nil
        }
        return messages.map(\.message)
    }
}
