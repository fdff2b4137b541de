package import Model

/// An invariant that did not hold.
package struct Violation: Error, CustomStringConvertible {
    package var what: String
    package var schedule: String?
    package var trigger: Identifier?
    package var seed: UInt64 = 0
    package var time = Timestamp.epoch
    package var command = ""

    init(_ what: String, schedule: String? = nil, trigger: Identifier? = nil) {
        self.what = what
        self.schedule = schedule
        self.trigger = trigger
    }

    package var description: String {
        let place = [schedule.map { "schedule \($0)" }, trigger.map { "trigger \($0)" }].compactMap(\.self)
        return """
            violated: \(what)
              seed \(seed), at \(time)\(place.isEmpty ? "" : ", " + place.joined(separator: ", "))
              again: \(command)
            """
    }
}
