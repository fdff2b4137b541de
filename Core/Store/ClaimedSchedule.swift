package import Model

package struct ClaimedSchedule: Sendable {
    package var id: Identifier
    package var tenant: String
    package var name: String
    package var revision: Int
    /// The first occurrence that is not planned yet.
    package var nextAt: Timestamp
    package var fired: Int
    package var timing: [UInt8]
    package var action: [UInt8]
    /// What a resume said of missed occurrences, instead of the timing's policy: 0 skip, 1 last, 2 all.
    package var resumeMissed: Int?
    /// Live occurrences planned already, while missed ones are caught up with.
    package var ahead: Range<Timestamp>?
    /// It stands for one trigger only, made by the API for a time further ahead than the partitions.
    package var isOneOff: Bool
    /// When it was last written, paused or resumed.
    package var updatedAt: Timestamp

    package init(
        id: Identifier, tenant: String, name: String, revision: Int, nextAt: Timestamp, fired: Int, timing: [UInt8],
        action: [UInt8], resumeMissed: Int? = nil, ahead: Range<Timestamp>? = nil, isOneOff: Bool = false,
        updatedAt: Timestamp = .epoch
    ) {
        self.updatedAt = updatedAt
        self.isOneOff = isOneOff
        self.resumeMissed = resumeMissed
        self.ahead = ahead
        self.id = id
        self.tenant = tenant
        self.name = name
        self.revision = revision
        self.nextAt = nextAt
        self.fired = fired
        self.timing = timing
        self.action = action
    }
}
