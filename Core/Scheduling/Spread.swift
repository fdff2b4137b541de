/// Where inside its margin a trigger is placed.
package enum Spread: UInt8, Hashable, Sendable, CaseIterable {
    /// At the occurrence; the default without a margin.
    case none
    /// At the schedule's own, always equal share of the margin.
    case hash
    /// Where the shard has least to do; the default with a margin.
    case load
}
