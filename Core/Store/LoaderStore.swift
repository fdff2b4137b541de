package import Model

/// What a loader asks of the schedules and triggers of its shards. Every verb throws the store's error.
package protocol LoaderStore: MonitorWatch {
    /// The shards there are.
    func shards() async throws -> [Int]
    /// The database's clock.
    func now() async throws -> Timestamp
    /// Takes the shards that no other loader has; keeps them until the connection ends. Those it now holds.
    func takeShards(_ shards: [Int]) async throws -> Set<Int>
    /// What is to be done, with one statement for all shards.
    ///
    /// - Parameter start: from when on due schedules are looked for.
    func overview(of shards: [Int], from start: Timestamp, before horizon: Timestamp) async throws -> [ShardOverview]
    /// Begins a pass: its number.
    func beginPass(shard: Int) async throws -> Int
    /// Claims up to `limit` due schedules, plans them with `plan`, and writes what it says, all in one transaction.
    /// An error of `beforeCommit` undoes it. Returns the triggers to be sent now, or nil when nothing was due.
    func claimSchedules(
        shard: Int, pass: Int, from floor: Timestamp, before horizon: Timestamp, limit: Int,
        plan: @escaping @Sendable ([ClaimedSchedule]) -> ShardPlan,
        beforeCommit: @escaping @Sendable () throws -> Void
    ) async throws -> ClaimResult?
    /// Turns planned triggers due before `horizon` queued. Fewer than `limit`: there are no more.
    ///
    /// - Parameter held: fairness keys whose triggers stay planned.
    func claimPlanned(
        shard: Int, pass: Int, from floor: Timestamp, before horizon: Timestamp, limit: Int, except held: Set<String>
    ) async throws -> [QueuedTrigger]
    /// Makes planned triggers expired whose deadline has passed, up to `limit`: the queue had no room for them. How many.
    func expirePlanned(shard: Int, from floor: Timestamp, now: Timestamp, limit: Int) async throws -> Int
    /// Creates the `onFailure` triggers that a shard owes for triggers that its claims recorded as expired.
    ///
    /// What is owed is committed with the claim, and leaves the list with the commit that creates its call. The calls are to be
    /// sent now; the monitor sends later what is not.
    ///
    /// - Parameters:
    ///   - limit: how many expired triggers are looked at; several of one schedule or tenant give one call, at most one a minute.
    ///   - held: tenants whose calls stay owed.
    func makeFailureCalls(
        shard: Int, limit: Int, except held: Set<String>
    ) async throws -> (calls: [QueuedTrigger], isMore: Bool)
    /// Everything of the pass was sent.
    func confirmPass(shard: Int, pass: Int) async throws
    /// Queued triggers of passes after `confirmed`, in the order of planned time and id, after a given one.
    func unconfirmed(
        shard: Int, confirmed: Int, from floor: Timestamp, after last: (Timestamp, Identifier)?, limit: Int
    ) async throws -> [QueuedTrigger]
    /// Everything unconfirmed up to this pass was sent again.
    func confirmAllPasses(shard: Int, upTo pass: Int) async throws
    /// Raises the floors of the scans, where no writer is in the way.
    func raiseFloors(shard: Int, ceiling: Timestamp, now: Timestamp) async throws
    /// The shares of tenants that do not have one: by tenant.
    func weights() async throws -> [String: Double]
    /// The load histogram from a time on.
    func load(shard: Int, from time: Timestamp) async throws -> [(second: Int64, count: Int)]
    /// Which of these shards were computed with other time zones than those of a version.
    func staleZones(of shards: [Int], version: String) async throws -> [Int]
    /// Computes a page of a shard's schedules anew that are next due after a time, in the order of ids: `next` gives the next
    /// occurrence by a timing, or the same again. The last id; nil: there are no more.
    func recompute(
        shard: Int, after id: Identifier, dueAfter time: Timestamp, limit: Int,
        next: @escaping @Sendable (_ timing: [UInt8], _ next: Timestamp) -> Timestamp?
    ) async throws -> Identifier?
    /// Makes a day's partition, where the monitor does not; false: it was there.
    func addDay(_ day: Timestamp) async throws -> Bool
    /// A shard was computed with these time zones.
    func noteZones(shard: Int, version: String) async throws
    func close() async
}

package struct ShardOverview: Hashable, Sendable {
    package var shard: Int
    /// Floor of the scan for due schedules.
    package var low: Timestamp
    /// Floor of the scan for planned triggers; `distantFuture`: there are none.
    package var plannedLow: Timestamp
    package var pass: Int
    package var confirmedPass: Int
    /// Earliest planned time of unconfirmed rows.
    package var openLow: Timestamp
    /// When the first schedule is due of those that were looked for; nil: none is.
    package var firstDue: Timestamp?
    package var hasDueSchedules: Bool { firstDue != nil }
    /// The earliest time at which a schedule or a planned trigger may be due.
    package var earliest: Timestamp { min(firstDue ?? .distantFuture, plannedLow) }

    package init(
        shard: Int, low: Timestamp, plannedLow: Timestamp, pass: Int, confirmedPass: Int, openLow: Timestamp,
        firstDue: Timestamp?
    ) {
        self.shard = shard
        self.low = low
        self.plannedLow = plannedLow
        self.pass = pass
        self.confirmedPass = confirmedPass
        self.openLow = openLow
        self.firstDue = firstDue
    }
}

package struct ClaimedSchedule: Sendable {
    package var id: Identifier
    package var tenant: String
    package var name: String
    package var revision: Int
    /// The first occurrence that is not planned yet.
    package var nextAt: Timestamp
    package var fired: Int
    package var timing: [UInt8]
    package var action: [UInt8]
    /// What a resume said of missed occurrences, instead of the timing's policy: 0 skip, 1 last, 2 all.
    package var resumeMissed: Int?
    /// Live occurrences planned already, while missed ones are caught up with.
    package var ahead: Range<Timestamp>?
    /// It stands for one trigger only, made by the API for a time further ahead than the partitions.
    package var isOneOff: Bool
    /// When it was last written, paused or resumed.
    package var updatedAt: Timestamp

    package init(
        id: Identifier, tenant: String, name: String, revision: Int, nextAt: Timestamp, fired: Int, timing: [UInt8],
        action: [UInt8], resumeMissed: Int? = nil, ahead: Range<Timestamp>? = nil, isOneOff: Bool = false,
        updatedAt: Timestamp = .epoch
    ) {
        self.updatedAt = updatedAt
        self.isOneOff = isOneOff
        self.resumeMissed = resumeMissed
        self.ahead = ahead
        self.id = id
        self.tenant = tenant
        self.name = name
        self.revision = revision
        self.nextAt = nextAt
        self.fired = fired
        self.timing = timing
        self.action = action
    }
}

/// What a claim writes: one re-arm for each claimed schedule, in their order, and rows to insert.
package struct ShardPlan: Sendable {
    package struct Rearm: Hashable, Sendable {
        /// Nil: finished.
        package var nextAt: Timestamp?
        package var fired: Int
        package var ahead: Range<Timestamp>?
        /// Where its planning goes on, if not at `nextAt`: it could not be planned, and is looked at again then.
        package var resumeAt: Timestamp?

        package init(nextAt: Timestamp?, fired: Int, ahead: Range<Timestamp>? = nil, resumeAt: Timestamp? = nil) {
            self.resumeAt = resumeAt
            self.nextAt = nextAt
            self.fired = fired
            self.ahead = ahead
        }
    }

    package var rearms: [Rearm] = []
    package var rows: [NewTrigger] = []
    /// Seconds and by how much their planned load changes.
    package var load: [(second: Int64, count: Int)] = []

    package init() {}
}

/// A trigger row to insert.
package struct NewTrigger: Sendable {
    package var id: Identifier
    package var kind: TriggerKind
    package var state: TriggerState
    /// Index of its schedule among the claimed ones.
    package var source: Int
    package var occurrence: Timestamp
    package var plannedAt: Timestamp
    package var deadline: Timestamp
    /// Occurrences that the row stands for.
    package var count: Int
    package var lastOccurrence: Timestamp?
    package var reason: String?

    package init(
        id: Identifier, kind: TriggerKind = .scheduled, state: TriggerState, source: Int, occurrence: Timestamp,
        plannedAt: Timestamp,
        deadline: Timestamp, count: Int = 1, lastOccurrence: Timestamp? = nil, reason: String? = nil
    ) {
        self.id = id
        self.kind = kind
        self.state = state
        self.source = source
        self.occurrence = occurrence
        self.plannedAt = plannedAt
        self.deadline = deadline
        self.count = count
        self.lastOccurrence = lastOccurrence
        self.reason = reason
    }
}

package struct ClaimResult: Sendable {
    /// How many schedules were claimed; fewer than the limit: nothing more is due.
    package var claimed: Int
    /// The queued rows, to be sent now.
    package var toSend: [QueuedTrigger]
    /// Failure calls that the shard owes for what the claim recorded as expired. Nothing is owed for what lapsed before the schedule
    /// was last written or resumed: of that its owner knows.
    package var owed = 0

    package init(claimed: Int, toSend: [QueuedTrigger]) {
        self.claimed = claimed
        self.toSend = toSend
    }
}

extension LoaderStore {
    /// `claimPlanned` of everybody's.
    package func claimPlanned(
        shard: Int, pass: Int, from floor: Timestamp, before horizon: Timestamp, limit: Int
    ) async throws -> [QueuedTrigger] {
        try await claimPlanned(shard: shard, pass: pass, from: floor, before: horizon, limit: limit, except: [])
    }

    /// `overview` of everything that is due.
    package func overview(of shards: [Int], before horizon: Timestamp) async throws -> [ShardOverview] {
        try await overview(of: shards, from: .distantPast, before: horizon)
    }
}

/// A committed trigger that the queue should have.
package struct QueuedTrigger: Sendable {
    package var message: TriggerMessage
    /// Attempts that are recorded: the base for the next.
    package var attempts: Int
    /// False: the schedule is gone or changed, there is nothing to send, and the trigger is cancelled.
    package var hasAction: Bool { !message.action.isEmpty }

    package init(message: TriggerMessage, attempts: Int) {
        self.message = message
        self.attempts = attempts
    }
}
