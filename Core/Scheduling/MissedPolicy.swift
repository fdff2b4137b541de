/// What becomes of occurrences that are already past when they are planned (after an outage, a pause or a late start)
/// and could still be useful. Those that could not are always recorded as expired.
package enum MissedPolicy: UInt8, Hashable, Sendable, CaseIterable {
    /// None runs.
    case skip
    /// The latest runs. Default.
    case last
    /// All run, at most 1,000 per schedule and pass.
    case all
}
