package import Model

/// What of a shard's triggers was sent: a pass that was not confirmed is sent again.
package protocol PassStore: Sendable {
    /// Begins a pass: its number.
    func beginPass(shard: Int) async throws -> Int
    /// Everything of the pass was sent.
    func confirmPass(shard: Int, pass: Int) async throws
    /// Queued triggers of passes after `confirmed`, in the order of planned time and id, after a given one.
    func unconfirmed(
        shard: Int, confirmed: Int, from floor: Timestamp, after last: (Timestamp, Identifier)?, limit: Int
    ) async throws -> [QueuedTrigger]
    /// Everything unconfirmed up to this pass was sent again.
    func confirmAllPasses(shard: Int, upTo pass: Int) async throws
}
