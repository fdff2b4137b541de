package import Model

/// What the monitor asks: finding what got lost, and keeping the partitions.
package protocol MonitorStore: Sendable {
    func now() async throws -> Timestamp
    /// Puts what is unsettled a minute after its planned time on the overdue list. Each row is looked at once.
    func sweep(now: Timestamp) async throws
    /// Overdue triggers whose check is due; each is due again a minute later.
    func takeOverdue(now: Timestamp, limit: Int) async throws -> [OverdueTrigger]
    /// Takes settled triggers off the list that were taken at `now`, but for those that were put on it again since.
    func dropOverdue(_ ids: [Identifier], takenAt now: Timestamp) async throws
    /// Everything on the list is due for a check now.
    func recheckOverdue(now: Timestamp) async throws
    /// Queued triggers not yet swept, in the order of planned time and id, after a given one.
    func unsettled(after last: (Timestamp, Identifier)?, limit: Int) async throws -> [QueuedTrigger]
    /// Makes these cancelled, if a cancel was asked and they are not settled.
    func settleCancelled(_ triggers: [CancelledTrigger]) async throws
    /// Makes these cancelled, if they are queued: the queue has lost them, and nobody knows their action any more.
    func settleGone(_ ids: [Identifier]) async throws

    /// The days that have a table, in order.
    func days() async throws -> [TriggerDay]
    /// Makes a day's partition; false: it was there.
    func addDay(_ day: Timestamp) async throws -> Bool
    /// Drops a day's table, unless a trigger in it is unsettled; false: it was kept. What an earlier try left half done is
    /// finished.
    func dropDay(_ day: TriggerDay) async throws -> Bool
    /// Forgets the hidden schedules of one-off triggers that were over before a time.
    func dropOneOffs(before time: Timestamp) async throws
    /// Forgets actions of earlier revisions that no open or dead trigger refers to, up to a thousand.
    func dropActions(now: Timestamp) async throws
    /// Lowers the floors of planned scans to these triggers, where they are planned and lie below: floors are caches, and this is what
    /// checks them (protocols.md, 14a).
    func lowerPlannedFloors(_ ids: [Identifier]) async throws
    /// Forgets load histograms before a time.
    func dropLoad(before time: Timestamp) async throws
    /// Forgets the answers of repeatable requests from before a time.
    func dropRequests(before time: Timestamp) async throws

    /// How far the directory of tenants goes.
    func directoryVersion() async throws -> Int
    /// What has changed in it since a version, in order.
    func directoryEntries(after version: Int, limit: Int) async throws -> [DirectoryEntry]
    /// Forgets tenants that have had no settings and no secrets since a time, if that is published.
    func dropTenants(before time: Timestamp, publishedTo version: Int) async throws
    /// The shares of tenants that do not have one: by tenant.
    func weights() async throws -> [String: Double]

    /// The counter that Redis should have, and the server's life in which it was written; 0: none was ever written.
    func generation() async throws -> RecordedGeneration
    func setGeneration(_ generation: RecordedGeneration) async throws
    /// Those of these messages that are over: their triggers are final, gone, or were redriven since.
    func finished(_ messages: [(id: Identifier, redrive: Int)]) async throws -> [Identifier]
    /// Says that duties were done at a time.
    func completeDuties(_ names: [String], now: Timestamp) async throws
    func close() async
}

/// A day of triggers.
package struct TriggerDay: Hashable, Sendable {
    package enum Place: Int, Sendable {
        case attached = 0
        /// Its detaching was begun, and a reader that was in the way has not let it end.
        case detaching = 1
        case detached = 2
    }

    /// Its first instant.
    package var start: Timestamp
    package var place: Place

    package init(start: Timestamp, place: Place) {
        self.start = start
        self.place = place
    }
}

/// How far the generation of Redis was raised, as the database knows it.
package struct RecordedGeneration: Hashable, Sendable {
    package var counter: Int
    package var run: String?

    package init(counter: Int = 0, run: String? = nil) {
        self.counter = counter
        self.run = run
    }
}

/// What the monitor does, by the names under which it says when it did it (protocols.md, 25b).
package enum MonitorDuty: String, CaseIterable, Sendable {
    case queues
    case tenants
    case generation
    case overdue
    case partitions
}

/// Watches the watcher: asked by the API and by loaders (protocols.md, 25b).
package protocol MonitorWatch: Sendable {
    /// - Parameter now: the database's clock; the partition looked for is of the day after.
    func monitorAge(now: Timestamp) async throws -> MonitorAge
}

/// What those who watch the monitor see.
package struct MonitorAge: Sendable {
    /// When each duty was last done; nil: never.
    package var doneAt: [MonitorDuty: Timestamp]
    /// Whether the partition of the next day is there.
    package var hasTomorrow: Bool

    package init(doneAt: [MonitorDuty: Timestamp], hasTomorrow: Bool) {
        self.doneAt = doneAt
        self.hasTomorrow = hasTomorrow
    }

    /// A duty that is not done for longer is a fault.
    package static let tolerated = Duration.seconds(60)

    /// The duty that was not done for the longest, and for how long; nil where one was never done.
    package func oldest(now: Timestamp) -> (duty: MonitorDuty, age: Duration?) {
        let duty = MonitorDuty.allCases.min { doneAt[$0] ?? .distantPast < doneAt[$1] ?? .distantPast }!
        return (duty, doneAt[duty].map { now - $0 })
    }

    /// What is wrong, in a sentence; nil: nothing.
    package func complaint(now: Timestamp) -> String? {
        let (duty, age) = oldest(now: now)
        if let age, age <= MonitorAge.tolerated {
            return hasTomorrow ? nil : "the partition of tomorrow is missing"
        }
        return "the monitor has not done its duty \"\(duty.rawValue)\" "
            + (age.map { "for \(Duration.seconds($0.microseconds / 1_000_000).text)" } ?? "yet")
            + (hasTomorrow ? "" : ", and the partition of tomorrow is missing")
    }
}

/// A trigger that the queue gave back, or does not know.
package struct CancelledTrigger: Hashable, Sendable {
    package var id: Identifier
    /// A worker has had it: the target may have seen it, and it is not planned again (protocols.md, 8a).
    package var mayBeCalled: Bool

    package init(_ id: Identifier, mayBeCalled: Bool) {
        self.id = id
        self.mayBeCalled = mayBeCalled
    }
}

package struct OverdueTrigger: Sendable {
    package var id: Identifier
    /// Nil: the row is gone.
    package var state: TriggerState?
    package var isCancelRequested: Bool
    package var trigger: QueuedTrigger?

    package init(id: Identifier, state: TriggerState?, isCancelRequested: Bool, trigger: QueuedTrigger?) {
        self.id = id
        self.state = state
        self.isCancelRequested = isCancelRequested
        self.trigger = trigger
    }
}
