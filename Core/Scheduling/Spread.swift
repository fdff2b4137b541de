/// Where within its margin a trigger is placed.
package enum Spread: UInt8, Hashable, Sendable, CaseIterable {
    /// At the occurrence. Default without a margin.
    case none
    /// At the schedule's own constant share of the margin.
    case hash
    /// Where the shard has least to do. Default with a margin.
    case load
}
