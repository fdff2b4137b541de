package import Model

/// Which triggers a list shows.
package struct TriggerFilter: Sendable {
    package var tenant: TenantID
    /// A schedule's name; nil: all of the tenant's.
    package var schedule: ScheduleName?
    /// Nil: any.
    package var state: TriggerState?
    /// The earliest occurrence.
    package var from: Timestamp
    /// The end of the occurrences, exclusive.
    package var to: Timestamp
    /// A position in the list.
    package struct Place: Hashable, Sendable {
        package var occurrence: Timestamp
        package var id: TriggerID

        /// The position of this trigger.
        package init(occurrence: Timestamp, id: TriggerID) {
            self.occurrence = occurrence
            self.id = id
        }
    }

    /// A range of ids, given by their times.
    package struct Window: Hashable, Sendable {
        package var from: Timestamp
        package var to: Timestamp
        /// The first id of the range.
        package var first: TriggerID { .v7(milliseconds: from.milliseconds, tailHigh: 0, tailLow: 0) }

        /// The ids of this range of times.
        package init(from: Timestamp, to: Timestamp) {
            self.from = from
            self.to = to
        }
    }

    /// Limits how much is read for a list that is not of one schedule; nil: everything from `from` to `to`.
    package var window: Window?
    /// The last one of the page before; the newest come first.
    package var after: Place?
    package var limit: Int

    /// A filter without a window.
    package init(
        tenant: TenantID, schedule: ScheduleName?, state: TriggerState?, from: Timestamp, to: Timestamp, after: Place?,
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
