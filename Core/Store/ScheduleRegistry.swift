package import Model

/// What the API asks of schedules, triggers, keys and the audit log. Every call is one transaction, bound to a tenant.
package protocol ScheduleRegistry: Sendable {
    func now() async throws -> Timestamp
    /// How many shards of schedules there are.
    func shardCount() async throws -> Int
    /// Why this program cannot work with the store's schema, and what to do; nil: it can.
    func schemaComplaint() async throws -> String?

    /// Creates or replaces schedules, in order, each name once. A schedule whose timing and action are unchanged keeps its
    /// revision. Triggers of a replaced revision are asked to be cancelled.
    ///
    /// Throws `RevisionMismatch`, and changes nothing, where one does not have the revision that its write expects.
    ///
    /// - Parameter acrossTenants: they may belong to any tenant; the caller has checked that the actor may do that.
    func put(
        _ schedules: [ScheduleWrite], by actor: AuditActor, acrossTenants: Bool, now: Timestamp
    ) async throws -> [PutResult]
    func schedule(_ name: String, tenant: String) async throws -> ScheduleRow?
    /// Those of these names that exist, of any tenant: the caller has checked that they may be seen.
    func schedules(named names: [(tenant: String, name: String)]) async throws -> [ScheduleRow]
    func schedules(
        tenant: String, prefix: String, state: ScheduleState?, after name: String, limit: Int
    ) async throws -> [ScheduleRow]
    /// Nil: there is none. Otherwise the triggers to be cancelled.
    func delete(_ name: String, expecting: ExpectedRevision?, by actor: AuditActor, now: Timestamp) async throws
        -> [Identifier]?
    func pause(_ name: String, reason: String, by actor: AuditActor, now: Timestamp) async throws -> [Identifier]?
    /// Arms a paused schedule at what `next` makes of its row; nil: it is finished. False: there is none.
    ///
    /// - Parameter missed: what becomes of missed occurrences; nil: the schedule's policy decides.
    func resume(
        _ name: String, missed: Int?, by actor: AuditActor, now: Timestamp,
        next: @escaping @Sendable (ScheduleRow) -> Timestamp?
    ) async throws -> Bool

    /// Pauses a page of the active schedules with a prefix, in the order of names. Fewer than `limit`: there are no more.
    func pauseAll(
        prefix: String, after name: String, limit: Int, reason: String, by actor: AuditActor, now: Timestamp
    ) async throws -> BulkPage
    /// Resumes a page of the paused schedules with a prefix, as `resume` does each.
    ///
    /// - Parameter reason: only those that were paused for it; nil: all.
    func resumeAll(
        prefix: String, pausedFor reason: String?, after name: String, limit: Int, missed: Int?, by actor: AuditActor,
        now: Timestamp,
        next: @escaping @Sendable (ScheduleRow) -> Timestamp?
    ) async throws -> BulkPage
    /// Inserts planned triggers for occurrences that were not delivered and are not on their way. Those that it inserted.
    func backfill(
        _ row: ScheduleRow, _ triggers: [BackfillTrigger], deadline: Timestamp, by actor: AuditActor, now: Timestamp
    ) async throws -> [Identifier]

    /// Inserts a trigger that goes to the queue right after; false: it is there.
    func insert(_ trigger: TriggerWrite, by actor: AuditActor, now: Timestamp) async throws -> Bool
    func trigger(_ id: Identifier, tenant: String) async throws -> TriggerRow?
    func triggers(_ filter: TriggerFilter) async throws -> [TriggerRow]
    /// Asks for a cancel. Nil: there is none.
    func requestCancel(_ id: Identifier, by actor: AuditActor, now: Timestamp) async throws -> TriggerRow?
    /// Makes these cancelled that were asked to be and are not settled.
    func settleCancelled(_ triggers: [CancelledTrigger], tenant: String, reason: String) async throws
    /// Turns dead triggers queued for another go; the monitor looks at `checkAt` whether they were sent. Those that were dead, with
    /// the action of their own revision; one whose action nobody knows any more stays dead.
    func redrive(
        _ ids: [Identifier], deadline: Timestamp, checkAt: Timestamp, by actor: AuditActor, now: Timestamp
    ) async throws -> [QueuedTrigger]
    /// Dead triggers, oldest first.
    ///
    /// - Parameter tenant: nil: of all tenants; the caller has checked that the actor may see them.
    func deadTriggers(tenant: String?, after place: DeadTrigger.Place?, limit: Int) async throws -> [DeadTrigger]
    /// How many triggers are dead, at most `limit`.
    func countDead(tenant: String?, limit: Int) async throws -> Int

    func authenticate(hash: [UInt8]) async throws -> KeyRow?
    func insert(_ key: KeyRow, hash: [UInt8], by actor: AuditActor, now: Timestamp) async throws
    func keys(tenant: String) async throws -> [KeyRow]
    func revoke(_ key: Identifier, by actor: AuditActor, now: Timestamp) async throws -> Bool
    func audit(tenant: String, before id: Int?, limit: Int) async throws -> [AuditRow]
    /// Writes of what changes nothing in the store, such as a purge of a queue.
    func note(_ action: String, _ object: String, by actor: AuditActor, now: Timestamp) async throws
}

package struct BulkPage: Sendable {
    package var names: [String]
    /// Triggers to be cancelled in the queue.
    package var cancelled: [Identifier]

    package init(names: [String] = [], cancelled: [Identifier] = []) {
        self.names = names
        self.cancelled = cancelled
    }
}

package struct BackfillTrigger: Sendable {
    package var id: Identifier
    package var occurrence: Timestamp

    package init(id: Identifier, occurrence: Timestamp) {
        self.id = id
        self.occurrence = occurrence
    }
}

package enum ScheduleState: Int, Sendable, CaseIterable {
    case active = 0
    case paused = 1
    case finished = 2

    package var name: String { "\(self)" }
    package init?(name: String) {
        guard let state = ScheduleState.allCases.first(where: { $0.name == name }) else { return nil }
        self = state
    }
}

/// Who changes something, for whom.
package struct AuditActor: Sendable {
    package var tenant: String
    package var subject: String

    package init(tenant: String, subject: String) {
        self.tenant = tenant
        self.subject = subject
    }
}

/// What a write expects to find, by `If-Match`.
package enum ExpectedRevision: Hashable, Sendable {
    case any
    /// An entity tag, or the revision alone.
    case exactly(String)
}

/// A thing is not as a write expected it.
package struct RevisionMismatch: Error, Hashable {
    /// What it has now. Nil: it does not exist.
    package var entityTag: String?

    package init(entityTag: String?) { self.entityTag = entityTag }
}

package struct ScheduleWrite: Sendable {
    package var tenant: String
    package var name: String
    /// Nil: it may exist or not.
    package var expecting: ExpectedRevision?
    /// For a new schedule.
    package var id: Identifier
    package var shard: Int
    package var timing: [UInt8]
    package var action: [UInt8]
    /// Nil: an existing pause stays.
    package var paused: Bool?
    /// The first occurrence at or after a time; nil: there is none.
    package var next: @Sendable (Timestamp) -> Timestamp?
    /// Where none is left at a time: one that has just passed and runs still, unless a timing that is replaced had it.
    package var justPassed: @Sendable (_ now: Timestamp, _ replaced: [UInt8]?) -> Timestamp?

    package init(
        tenant: String, name: String, id: Identifier, shard: Int, timing: [UInt8], action: [UInt8], paused: Bool?,
        next: @escaping @Sendable (Timestamp) -> Timestamp?,
        justPassed: @escaping @Sendable (_ now: Timestamp, _ replaced: [UInt8]?) -> Timestamp? = { _, _ in nil }
    ) {
        self.tenant = tenant
        self.name = name
        self.id = id
        self.shard = shard
        self.timing = timing
        self.action = action
        self.paused = paused
        self.next = next
        self.justPassed = justPassed
    }
}

package struct PutResult: Sendable {
    package var row: ScheduleRow
    package var isCreated: Bool
    /// Triggers of the replaced revision, to be cancelled in the queue.
    package var cancelled: [Identifier]

    package init(row: ScheduleRow, isCreated: Bool, cancelled: [Identifier]) {
        self.row = row
        self.isCreated = isCreated
        self.cancelled = cancelled
    }
}

package struct ScheduleRow: Sendable {
    package var id: Identifier
    package var tenant: String
    package var name: String
    package var shard: Int
    package var revision: Int
    package var state: ScheduleState
    package var nextAt: Timestamp?
    package var resumeAt: Timestamp?
    package var timing: [UInt8]
    package var action: [UInt8]
    package var pauseReason: String?
    package var createdAt: Timestamp
    package var updatedAt: Timestamp
    /// Triggers of this revision that were planned, up to the cursor.
    package var fired: Int
    /// Up to where its occurrences are planned: the first that is not. Nil where it is finished.
    package var cursor: Timestamp? { resumeAt ?? nextAt }

    package init(
        id: Identifier, tenant: String, name: String, shard: Int, revision: Int, state: ScheduleState,
        nextAt: Timestamp?, resumeAt: Timestamp?, timing: [UInt8], action: [UInt8], pauseReason: String?,
        createdAt: Timestamp, updatedAt: Timestamp, fired: Int
    ) {
        self.id = id
        self.tenant = tenant
        self.name = name
        self.shard = shard
        self.revision = revision
        self.state = state
        self.nextAt = nextAt
        self.resumeAt = resumeAt
        self.timing = timing
        self.action = action
        self.pauseReason = pauseReason
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.fired = fired
    }
}

/// A trigger that the API makes: by `fire`, or a one-off with its own schedule row.
package struct TriggerWrite: Sendable {
    package var message: TriggerMessage
    package var schedule: Identifier
    package var shard: Int
    package var revision: Int
    /// For a one-off: the hidden schedule that keeps its action. Armed at its time when the trigger itself lies too far
    /// ahead to be stored.
    package var hidden: ScheduleWrite?
    /// Whether a trigger row is written now.
    package var isStored: Bool
    package var state: TriggerState

    package init(
        message: TriggerMessage, schedule: Identifier, shard: Int, revision: Int, hidden: ScheduleWrite?,
        isStored: Bool,
        state: TriggerState
    ) {
        self.message = message
        self.schedule = schedule
        self.shard = shard
        self.revision = revision
        self.hidden = hidden
        self.isStored = isStored
        self.state = state
    }
}

/// A dead trigger, as a list of dead letters shows it.
package struct DeadTrigger: Sendable {
    /// Where it stands in the list.
    package struct Place: Hashable, Sendable {
        package var diedAt: Timestamp
        package var id: Identifier

        package init(diedAt: Timestamp, id: Identifier) {
            self.diedAt = diedAt
            self.id = id
        }
    }

    package var trigger: QueuedTrigger
    package var diedAt: Timestamp
    package var reason: String?
    package var place: Place { Place(diedAt: diedAt, id: trigger.message.id) }

    package init(trigger: QueuedTrigger, diedAt: Timestamp, reason: String?) {
        self.trigger = trigger
        self.diedAt = diedAt
        self.reason = reason
    }
}

package struct TriggerRow: Sendable {
    package var id: Identifier
    /// The internal id of its schedule.
    package var schedule: Identifier
    package var tenant: String
    package var name: String
    package var kind: TriggerKind
    package var state: TriggerState
    package var revision: Int
    package var redrive: Int
    package var occurrence: Timestamp
    package var plannedAt: Timestamp
    package var deadline: Timestamp
    package var attempts: Int
    package var latenessMilliseconds: Int?
    package var isCancelRequested: Bool
    package var count: Int
    package var lastOccurrence: Timestamp?
    package var reason: String?
    package var log: [UInt8]

    package init(
        id: Identifier, schedule: Identifier, tenant: String, name: String, kind: TriggerKind, state: TriggerState,
        revision: Int, redrive: Int,
        occurrence: Timestamp, plannedAt: Timestamp, deadline: Timestamp, attempts: Int, latenessMilliseconds: Int?,
        isCancelRequested: Bool, count: Int, lastOccurrence: Timestamp?, reason: String?, log: [UInt8]
    ) {
        self.id = id
        self.schedule = schedule
        self.tenant = tenant
        self.name = name
        self.kind = kind
        self.state = state
        self.revision = revision
        self.redrive = redrive
        self.occurrence = occurrence
        self.plannedAt = plannedAt
        self.deadline = deadline
        self.attempts = attempts
        self.latenessMilliseconds = latenessMilliseconds
        self.isCancelRequested = isCancelRequested
        self.count = count
        self.lastOccurrence = lastOccurrence
        self.reason = reason
        self.log = log
    }
}

package struct TriggerFilter: Sendable {
    package var tenant: String
    package var schedule: String?
    package var state: TriggerState?
    /// Occurrences from here, and before `to`.
    package var from: Timestamp
    package var to: Timestamp
    package struct Place: Hashable, Sendable {
        package var occurrence: Timestamp
        package var id: Identifier

        package init(occurrence: Timestamp, id: Identifier) {
            self.occurrence = occurrence
            self.id = id
        }
    }

    /// Those of one stretch of time, by the times of their ids.
    package struct Window: Hashable, Sendable {
        package var from: Timestamp
        package var to: Timestamp
        /// The first id of it.
        package var first: Identifier { .v7(milliseconds: from.milliseconds, tailHigh: 0, tailLow: 0) }

        package init(from: Timestamp, to: Timestamp) {
            self.from = from
            self.to = to
        }
    }

    /// Of lists that are not of one schedule: only this much is read. Nil: all from `from` to `to`.
    package var window: Window?
    /// The last of the page before; the newest come first.
    package var after: Place?
    package var limit: Int

    package init(
        tenant: String, schedule: String?, state: TriggerState?, from: Timestamp, to: Timestamp, after: Place?,
        limit: Int
    ) {
        self.tenant = tenant
        self.schedule = schedule
        self.state = state
        self.from = from
        self.to = to
        self.after = after
        self.limit = limit
    }
}

package struct KeyRow: Sendable {
    package var id: Identifier
    package var tenant: String
    package var subject: String
    package var role: String
    package var groups: [String]
    package var isPlatform: Bool

    package init(id: Identifier, tenant: String, subject: String, role: String, groups: [String], isPlatform: Bool) {
        self.id = id
        self.tenant = tenant
        self.subject = subject
        self.role = role
        self.groups = groups
        self.isPlatform = isPlatform
    }
}

package struct AuditRow: Sendable {
    package var id: Int
    package var at: Timestamp
    package var subject: String
    package var action: String
    package var object: String
    package var reason: String?

    package init(id: Int, at: Timestamp, subject: String, action: String, object: String, reason: String?) {
        self.id = id
        self.at = at
        self.subject = subject
        self.action = action
        self.object = object
        self.reason = reason
    }
}
