package import Model

/// How recently the monitor did its duties, for those who watch it (protocols.md, 25b).
package struct MonitorAge: Sendable {
    /// When each duty was last done; nil: never.
    package var doneAt: [MonitorDuty: Timestamp]
    /// Whether the partition of the next UTC day exists.
    package var hasTomorrow: Bool

    /// Values as read from the store.
    package init(doneAt: [MonitorDuty: Timestamp], hasTomorrow: Bool) {
        self.doneAt = doneAt
        self.hasTomorrow = hasTomorrow
    }

    /// A duty not done for longer than this is a fault.
    package static let tolerated = Duration.seconds(60)

    /// The duty not done for the longest, and for how long; an age of nil: it was never done.
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
