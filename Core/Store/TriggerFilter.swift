package import Model

package struct TriggerFilter: Sendable {
    package var tenant: String
    package var schedule: String?
    package var state: TriggerState?
    /// Occurrences from here, and before `to`.
    package var from: Timestamp
    package var to: Timestamp
    package struct Place: Hashable, Sendable {
        package var occurrence: Timestamp
        package var id: Identifier

        package init(occurrence: Timestamp, id: Identifier) {
            self.occurrence = occurrence
            self.id = id
        }
    }

    /// Those of one stretch of time, by the times of their ids.
    package struct Window: Hashable, Sendable {
        package var from: Timestamp
        package var to: Timestamp
        /// The first id of it.
        package var first: Identifier { .v7(milliseconds: from.milliseconds, tailHigh: 0, tailLow: 0) }

        package init(from: Timestamp, to: Timestamp) {
            self.from = from
            self.to = to
        }
    }

    /// Of lists that are not of one schedule: only this much is read. Nil: all from `from` to `to`.
    package var window: Window?
    /// The last of the page before; the newest come first.
    package var after: Place?
    package var limit: Int

    package init(
        tenant: String, schedule: String?, state: TriggerState?, from: Timestamp, to: Timestamp, after: Place?,
        limit: Int
    ) {
        self.tenant = tenant
        self.schedule = schedule
        self.state = state
        self.from = from
        self.to = to
        self.after = after
        self.limit = limit
    }
}
