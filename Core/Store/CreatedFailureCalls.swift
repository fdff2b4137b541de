/// What became of failure calls that a shard owed.
package struct CreatedFailureCalls: Sendable {
    /// The triggers that were created, to be sent now.
    package var calls: [QueuedTrigger] = []
    /// As many were looked at as the limit allows: there may be more to create now.
    package var isMore: Bool
    /// The shard still owes calls: more than the limit, or those of tenants that were left out.
    package var owesMore = false

    package init(isMore: Bool = false) { self.isMore = isMore }
}
