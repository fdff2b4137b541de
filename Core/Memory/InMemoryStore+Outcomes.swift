package import Model
package import Store

extension InMemoryStore: OutcomeStore {
    /// Records outcomes in one step. Refuses no value, and counts no consecutive failures: it never pauses a schedule
    /// or creates a failure call.
    package func record(_ outcomes: [TriggerOutcome]) async throws -> RecordResult {
        withTables { tables in
            var result = RecordResult()
            var orphans: Set<TriggerID> = []
            for outcome in outcomes.sorted(by: TriggerOutcome.isRecordedBefore) {
                switch tables.update(outcome.id, { $0.record(outcome) }) {
                case nil: orphans.insert(outcome.id)
                case true?: result.recorded += 1
                case false?: break
                }
            }
            result.orphaned = orphans.count
            result.repeated = max(0, outcomes.count - result.recorded - result.orphaned)
            return result
        }
    }
}

extension StoredTrigger {
    /// Records an outcome once. False: it was recorded already, came too late, or belongs to another redrive.
    fileprivate mutating func record(_ outcome: TriggerOutcome) -> Bool {
        guard outcome.redrive == redrive else { return false }
        let bit: UInt64 = (1...63).contains(outcome.attempt) ? 1 << UInt64(outcome.attempt - 1) : 0
        // A final outcome ends an open row even if its attempt is recorded already (protocols.md, 6).
        let endsIt = !state.isFinal && outcome.state.isFinal
        guard bit == 0 ? !state.isFinal : recorded & bit == 0 || endsIt else { return false }
        if !state.isFinal {
            if !(isCancelRequested && outcome.state == .queued) { reason = outcome.reason }
            state = outcome.state
        }
        recorded |= bit
        attempts = max(attempts, outcome.attempt)
        latenessMilliseconds = [latenessMilliseconds, outcome.latenessMilliseconds].compactMap(\.self).min()
        if outcome.attempt != 0 { log += outcome.line }
        return true
    }
}
