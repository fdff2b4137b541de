package import Model
package import Store
private import Synchronization

/// `OutcomeStore` on one Postgres connection.
///
/// One statement records a batch in the order of days and ids, so that historians do not deadlock. Several outcomes of
/// one trigger are recorded in successive rounds of one transaction. A batch with a value that Postgres refuses is
/// halved until that value stands alone.
package final class PostgresOutcomeStore: OutcomeStore {
    private let connection: PostgresConnection
    /// Whether any schedule is watched for failures, and when that was last asked; good for a second.
    private let watching = Mutex<(answer: Bool, at: ContinuousClock.Instant)?>(nil)

    /// A store that connects as the engine role.
    package init(url: String) {
        connection = PostgresConnection(.engine(url: url, applicationName: "headgate historian"))
    }

    /// Ends the session; the next call opens another.
    package func close() async { await connection.close() }

    /// Records outcomes, each once, and counts those that were repeated, have no trigger or were refused.
    ///
    /// If no schedule is watched and nothing died this takes one round trip, one more if some outcomes changed no row,
    /// and one a second to ask whether anything is watched.
    package func record(_ outcomes: [TriggerOutcome]) async throws -> RecordResult {
        if outcomes.isEmpty { return RecordResult() }
        do {
            return try await recordTogether(outcomes)
        } catch let error as PostgresError where error.isDataError {
            if outcomes.count == 1 {
                var result = RecordResult()
                result.refused = 1
                return result
            }
            let middle = outcomes.count / 2
            var result = try await record(Array(outcomes[..<middle]))
            let rest = try await record(Array(outcomes[middle...]))
            result.recorded += rest.recorded
            result.repeated += rest.repeated
            result.orphaned += rest.orphaned
            result.refused += rest.refused
            result.failureCalls += rest.failureCalls
            result.cancelled += rest.cancelled
            return result
        }
    }

    private func recordTogether(_ outcomes: [TriggerOutcome]) async throws -> RecordResult {
        var result = RecordResult()
        let rounds = PostgresOutcomeStore.rounds(outcomes)
        if try await isWatching() {
            (result.recorded, result.failureCalls, result.cancelled) = try await recordAndCount(rounds)
        } else {
            var calls = rounds.map { PostgresOutcomeStore.call(.recordOutcomes, $0) }
            if let dead = PostgresOutcomeStore.dead(outcomes) {
                calls.append(dead(try await connection.now()))
            }
            let counts = try await connection.pipeline(calls)
            result.recorded = counts.prefix(rounds.count).reduce(0, +)
        }
        if result.recorded < outcomes.count {
            let ids = Array(Set(outcomes.map(\.id)))
            let existing = try await connection.values(
                StatementCall(.existingTriggers, [.uuids(ids), .times(ids.map(\.v7Time))]), .int)
            result.orphaned = ids.count - (existing.first ?? ids.count)
            result.repeated = max(0, outcomes.count - result.recorded - result.orphaned)
        }
        return result
    }

    private func isWatching() async throws -> Bool {
        if let known = watching.withLock({ $0 }), ContinuousClock.now - known.at < .seconds(1) { return known.answer }
        let answer = try await connection.value(StatementCall(.isWatching), .bool) == true
        watching.withLock { $0 = (answer, .now) }
        return answer
    }

    /// Records outcomes, and in the same transaction counts the failures of watched schedules: each once, as it is
    /// recorded once.
    ///
    /// Returns how many it recorded, the failure notifications it created, and the queued triggers of schedules that it
    /// paused.
    private func recordAndCount(_ rounds: [[TriggerOutcome]]) async throws
        -> (Int, [QueuedTrigger], [TriggerID])
    {
        let dead = PostgresOutcomeStore.dead(rounds.flatMap(\.self))
        return try await connection.transaction { transaction throws(PostgresError) in
            var recorded = 0
            var ended: [RecordedTrigger] = []
            for round in rounds {
                let changed = try transaction.query(PostgresOutcomeStore.call(.recordOutcomesAndReturn, round)) {
                    row throws(PostgresError) in try RecordedTrigger(row)
                }
                recorded += changed.count
                ended += changed
            }
            if let dead { try transaction.execute(dead(try transaction.now())) }
            let cancelled = try transaction.countFailures(ended)
            return (recorded, try transaction.failureCalls(of: ended), cancelled)
        }
    }

    /// Splits outcomes into rounds, sorted by id, that hold each trigger at most once, its attempts in order.
    static func rounds(_ outcomes: [TriggerOutcome]) -> [[TriggerOutcome]] {
        let sorted = outcomes.sorted(by: TriggerOutcome.isRecordedBefore)
        var rounds: [[TriggerOutcome]] = []
        var last: TriggerID?
        var round = 0
        for outcome in sorted {
            round = outcome.id == last ? round + 1 : 0
            last = outcome.id
            if round == rounds.count { rounds.append([]) }
            rounds[round].append(outcome)
        }
        return rounds
    }

    /// Makes the statement that lists the dead triggers among these, given their time of death; nil if none died.
    private static func dead(_ outcomes: [TriggerOutcome]) -> (@Sendable (Timestamp) -> StatementCall)? {
        let ids = Set(outcomes.lazy.filter { $0.state == .dead }.map(\.id)).sorted()
        if ids.isEmpty { return nil }
        return { now in StatementCall(.insertDead, [.uuids(ids), .times(ids.map(\.v7Time)), .time(now)]) }
    }

    private static func call(_ statement: Statement, _ outcomes: [TriggerOutcome]) -> StatementCall {
        StatementCall(
            statement,
            [
                .uuids(outcomes.map(\.id)), .times(outcomes.map(\.id.v7Time)), .smallints(outcomes.map(\.redrive)),
                .ints(outcomes.map(\.attempt)), .smallints(outcomes.map(\.state.rawValue)),
                .ints(outcomes.map(\.latenessMilliseconds)), .texts(outcomes.map(\.reason)),
                .byteas(outcomes.map { $0.attempt == 0 ? nil : $0.line }),
            ])
    }
}
