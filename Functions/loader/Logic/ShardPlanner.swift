package import Model
package import Scheduling
package import Store
import Synchronization

/// Plans one batch of claimed schedules, from stored bytes to rows, without I/O.
package final class ShardPlanner: Sendable {
    private let planner: Planner
    private let load: LoadHistogram
    private let now: Timestamp
    private let horizon: Timestamp
    /// Triggers planned before this are sent in this pass.
    private let sendHorizon: Timestamp
    /// Tenants that exceed their share of the queue: their triggers stay planned.
    private let held: Set<String>
    private let result = Mutex<LoadHistogram?>(nil)
    private let skipped = Mutex<[String]>([])

    /// A planner for one claim.
    ///
    /// - Parameters:
    ///   - load: the shard's planned load before this claim.
    ///   - now: by the database's clock.
    ///   - horizon: occurrences before it are planned.
    ///   - sendHorizon: triggers planned before it become `queued`, later ones `planned`.
    ///   - held: tenants all of whose triggers become `planned`.
    package init(
        planner: Planner, load: LoadHistogram, now: Timestamp, horizon: Timestamp, sendHorizon: Timestamp,
        held: Set<String> = []
    ) {
        self.held = held
        self.planner = planner
        self.load = load
        self.now = now
        self.horizon = horizon
        self.sendHorizon = sendHorizon
    }

    /// A hash of the shard: among equally loaded seconds each shard begins at another one, so that they do not all
    /// choose the same.
    package static func tieOffset(of shard: Int) -> UInt64 {
        var hash = StableHash()
        hash.combine(UInt64(shard))
        return hash.value
    }

    /// The load after `plan`; nil before it.
    package var resultingLoad: LoadHistogram? { result.withLock { $0 } }

    /// The schedules whose timing `plan` could not read, each with the reason; they do not run.
    package var unreadable: [String] { skipped.withLock { $0 } }

    /// The re-arms and trigger rows for the schedules, in their order.
    package func plan(_ schedules: [ClaimedSchedule]) -> ShardPlan {
        var plan = ShardPlan()
        plan.rearms.reserveCapacity(schedules.count)
        plan.rows.reserveCapacity(schedules.count)
        var requests: [PlanRequest] = []
        var places: [Int] = []
        for (index, schedule) in schedules.enumerated() {
            // A timing that cannot be read is tried again in an hour and does not stop the others.
            plan.rearms.append(
                .init(
                    nextAt: now + .seconds(3_600), fired: schedule.fired, ahead: schedule.ahead,
                    resumeAt: schedule.nextAt))
            var timing: Timing
            do throws(ByteReader.Failure) {
                timing = try Timing(decoding: schedule.timing)
            } catch {
                skipped.withLock { $0.append("\(schedule.tenant)/\(schedule.name): \(error)") }
                continue
            }
            if let missed = schedule.resumeMissed.flatMap({ MissedPolicy(rawValue: UInt8($0)) }) {
                timing.missed = missed
            }
            let identity = ScheduleIdentity(tenant: schedule.tenant, name: schedule.name)
            requests.append(
                PlanRequest(
                    timing: timing, seed: identity.seed, cursor: schedule.nextAt, fired: schedule.fired,
                    ahead: schedule.ahead))
            places.append(index)
        }
        var load = load
        let plans = planner.plan(requests, now: now, horizon: horizon, load: &load)
        for (place, made) in zip(places, plans) {
            // A schedule whose time zone is missing is tried again in a minute, from where it was.
            plan.rearms[place] =
                made.missingZone == nil
                ? .init(nextAt: made.next, fired: made.fired, ahead: made.ahead)
                : .init(
                    nextAt: now + .seconds(60), fired: made.fired, ahead: made.ahead, resumeAt: schedules[place].nextAt)
            append(made, of: schedules[place], at: place, to: &plan)
        }
        plan.load = load.changes.map { ($0.second, $0.count) }
        result.withLock { $0 = load }
        return plan
    }

    private func append(_ made: Plan, of schedule: ClaimedSchedule, at place: Int, to plan: inout ShardPlan) {
        let kind: TriggerKind = schedule.isOneOff ? .oneOff : .scheduled
        let isHeld = held.contains(schedule.tenant.description)
        for trigger in made.triggers {
            let key = TriggerKey(
                schedule: schedule.id, kind: kind, revision: schedule.revision, occurrence: trigger.occurrence)
            plan.rows.append(
                NewTrigger(
                    id: key.id(at: dated(trigger.occurrence)), kind: kind,
                    state: trigger.plannedAt < sendHorizon && !isHeld ? .queued : .planned, source: place,
                    occurrence: trigger.occurrence, plannedAt: trigger.plannedAt, deadline: trigger.deadline))
        }
        for lapse in made.lapses {
            let key = TriggerKey(
                schedule: schedule.id, kind: kind, revision: schedule.revision, occurrence: lapse.first)
            plan.rows.append(
                NewTrigger(
                    id: key.id(at: dated(lapse.first)), kind: kind,
                    state: lapse.reason == .expired ? .expired : .skipped,
                    source: place, occurrence: lapse.first, plannedAt: now, deadline: now, count: lapse.count,
                    lastOccurrence: lapse.last, reason: lapse.reason.rawValue))
        }
    }

    /// The time that dates a record: its occurrence, or today for one from long ago whose partition may be gone.
    private func dated(_ occurrence: Timestamp) -> Timestamp {
        occurrence < now - .seconds(86_400) ? now.flooredToMillisecond : occurrence
    }
}
