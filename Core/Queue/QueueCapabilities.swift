import Model

/// What a driver can do beyond the common ground.
package struct QueueCapabilities: Hashable, Sendable {
    /// The longest delay; nil: any.
    package var maximumDelay: Duration?
    package var maximumBatch: Int
    package var isFair: Bool
    package var canCancel: Bool

    package init(maximumDelay: Duration? = nil, maximumBatch: Int, isFair: Bool, canCancel: Bool) {
        self.maximumDelay = maximumDelay
        self.maximumBatch = maximumBatch
        self.isFair = isFair
        self.canCancel = canCancel
    }
}
