package import Model

extension TriggerOutcome {
    /// The order of recording: by trigger and redrive, then by attempt, outcomes without an attempt last.
    package static func isRecordedBefore(_ left: TriggerOutcome, _ right: TriggerOutcome) -> Bool {
        func place(_ outcome: TriggerOutcome) -> Int { outcome.attempt == 0 ? .max : outcome.attempt }
        return (left.id, left.redrive, place(left)) < (right.id, right.redrive, place(right))
    }
}
