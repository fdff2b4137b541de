package import Model

/// An invariant that did not hold.
package struct Violation: Error, CustomStringConvertible {
    /// What was wrong, in a sentence.
    package var what: String
    /// The id or name of the schedule concerned, if any.
    package var schedule: String?
    /// The trigger concerned, if any.
    package var trigger: TriggerID?
    /// The execution concerned, if any.
    package var execution: ExecutionID?
    /// The seed of the run.
    package var seed: UInt64 = 0
    /// When it was noticed, in virtual time.
    package var time = Timestamp.epoch
    /// The command line that repeats the run.
    package var command = ""

    init(
        _ what: String, schedule: (any CustomStringConvertible)? = nil, trigger: TriggerID? = nil,
        execution: ExecutionID? = nil
    ) {
        self.what = what
        self.schedule = schedule?.description
        self.trigger = trigger
        self.execution = execution
    }

    /// All of this, in several lines.
    package var description: String {
        let place = [
            schedule.map { "schedule \($0)" }, trigger.map { "trigger \($0)" }, execution.map { "execution \($0)" },
        ].compactMap(\.self)
        return """
            violated: \(what)
              seed \(seed), at \(time)\(place.isEmpty ? "" : ", " + place.joined(separator: ", "))
              again: \(command)
            """
    }
}
