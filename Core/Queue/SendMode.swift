/// What a send does with an id that is known.
package enum SendMode: Sendable {
    /// Leaves it alone, unless it is a dead letter of an earlier generation.
    case add
    /// Also replaces dead letters, and ids that are known only because they were settled.
    case redrive
}
