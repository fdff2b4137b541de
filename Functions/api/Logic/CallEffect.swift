import Synchronization

/// What a call did, as its handler reports it.
final class CallEffect: Sendable {
    private let changedNothing = Atomic(false)

    /// Whether the call succeeded and changed nothing: no answer is kept then, and a repetition is carried out.
    var isNone: Bool { changedNothing.load(ordering: .relaxed) }

    func reportNone() { changedNothing.store(true, ordering: .relaxed) }
}
