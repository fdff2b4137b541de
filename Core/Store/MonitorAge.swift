package import Model

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
