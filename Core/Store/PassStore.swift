package import Model

/// Which of a shard's triggers were sent, by pass: the triggers of a pass that was not confirmed are sent again
/// (protocols.md, 3).
package protocol PassStore: Sendable {
    /// The number of a new pass. After a server crash a number may be issued again, but only if its pass wrote no
    /// triggers.
    func beginPass(shard: Int) async throws -> Int
    /// Records that everything of a pass was sent; does nothing while an earlier one is unconfirmed. May be lost in a
    /// crash of the server: then the triggers are sent again.
    func confirmPass(shard: Int, pass: Int) async throws
    /// A page of queued triggers of passes after `confirmed`, planned at or after `floor`, by planned time and id; none
    /// whose cancel was requested.
    ///
    /// - Parameter last: the last one of the page before; nil: from the first.
    func unconfirmed(
        shard: Int, confirmed: Int, from floor: Timestamp, after last: (Timestamp, TriggerID)?, limit: Int
    ) async throws -> [QueuedTrigger]
    /// Records that everything up to this pass was sent, once `unconfirmed` has been sent again.
    func confirmAllPasses(shard: Int, upTo pass: Int) async throws
}
