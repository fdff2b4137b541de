/// The statements of `sql/`, by their files' names.
extension Statement {
    static let now = Statement("now", PackageResources.now_sql)
    static let claimSchedules = Statement("claim-schedules", PackageResources.claim_schedules_sql)
    static let insertTriggers = Statement("insert-triggers", PackageResources.insert_triggers_sql)
    static let insertedTriggers = Statement("inserted-triggers", PackageResources.inserted_triggers_sql)
    static let openPass = Statement("open-pass", PackageResources.open_pass_sql)
    static let nextPass = Statement("next-pass", PackageResources.next_pass_sql)
    static let confirmPass = Statement("confirm-pass", PackageResources.confirm_pass_sql)
    static let confirmAllPasses = Statement("confirm-all-passes", PackageResources.confirm_all_passes_sql)
    static let shardsOverview = Statement("shards-overview", PackageResources.shards_overview_sql)
    static let claimPlanned = Statement("claim-planned", PackageResources.claim_planned_sql)
    static let expirePlanned = Statement("expire-planned", PackageResources.expire_planned_sql)
    static let recordOwedCalls = Statement("record-owed-calls", PackageResources.record_owed_calls_sql)
    static let takeOwedCalls = Statement("take-owed-calls", PackageResources.take_owed_calls_sql)
    static let owesCalls = Statement("select exists (select 1 from headgate.owed_call where shard = $1)")
    static let raisePlannedFloor = Statement("raise-planned-floor", PackageResources.raise_planned_floor_sql)
    static let unconfirmedTriggers = Statement("unconfirmed-triggers", PackageResources.unconfirmed_triggers_sql)
    static let addLoad = Statement("add-load", PackageResources.add_load_sql)
    static let readLoad = Statement("read-load", PackageResources.read_load_sql)
    static let dropLoad = Statement("drop-load", PackageResources.drop_load_sql)
    static let recordOutcomes = Statement("record-outcomes", PackageResources.record_outcomes_sql)
    /// As `recordOutcomes`, and returns each trigger that changed with its state and the outcome's.
    static let recordOutcomesAndReturn = Statement(
        "record-outcomes-and-return",
        PackageResources.record_outcomes_sql
            + Array(
                """

                returning t.schedule_id, t.state, t.occurrence, t.reason, t.id, t.kind, t.tenant, t.name, t.shard, t.attempts,
                    u.state as outcome
                """.utf8))
    static let countFailures = Statement("count-failures", PackageResources.count_failures_sql)
    static let watchFailures = Statement("watch-failures", PackageResources.watch_failures_sql)
    static let lockSchedules = Statement("lock-schedules", PackageResources.lock_schedules_sql)
    static let existingTriggers = Statement("existing-triggers", PackageResources.existing_triggers_sql)
    static let sweep = Statement("sweep", PackageResources.sweep_sql)
    static let takeOverdue = Statement("take-overdue", PackageResources.take_overdue_sql)
    static let dropOverdue = Statement("drop-overdue", PackageResources.drop_overdue_sql)
    static let recheckOverdue = Statement("recheck-overdue", PackageResources.recheck_overdue_sql)
    static let unsettledTriggers = Statement("unsettled-triggers", PackageResources.unsettled_triggers_sql)
    static let rewind = Statement("rewind", PackageResources.rewind_sql)
    static let cancelLost = Statement("cancel-lost", PackageResources.cancel_lost_sql)
    static let dropOneOffs = Statement("drop-one-offs", PackageResources.drop_one_offs_sql)
    static let settleCancelled = Statement("settle-cancelled", PackageResources.settle_cancelled_sql)
    static let triggerTables = Statement("trigger-tables", PackageResources.trigger_tables_sql)
    static let addDay = Statement("add-day", PackageResources.add_day_sql)
    static let unsettledOfDay = Statement("unsettled-of-day", PackageResources.unsettled_of_day_sql)
    static let readGeneration = Statement("read-generation", PackageResources.read_generation_sql)
    static let writeGeneration = Statement("write-generation", PackageResources.write_generation_sql)

    static let keepActions = Statement("keep-actions", PackageResources.keep_actions_sql)
    static let dropActions = Statement("drop-actions", PackageResources.drop_actions_sql)
    static let insertDead = Statement("insert-dead", PackageResources.insert_dead_sql)
    static let listDead = Statement("list-dead", PackageResources.list_dead_sql)
    static let countDead = Statement("count-dead", PackageResources.count_dead_sql)
    static let dropDeadOfDay = Statement(
        "delete from headgate.dead where day = ($1::timestamptz at time zone 'UTC')::date")
    static let lowerPlannedFloors = Statement("lower-planned-floors", PackageResources.lower_planned_floors_sql)
    static let heldTriggers = Statement("held-triggers", PackageResources.held_triggers_sql)
    static let finishedTriggers = Statement("finished-triggers", PackageResources.finished_triggers_sql)
    static let dutiesDone = Statement("duties-done", PackageResources.duties_done_sql)
    static let watchDuties = Statement("watch-duties", PackageResources.watch_duties_sql)

    static let staleZones = Statement("stale-zones", PackageResources.stale_zones_sql)
    static let lockLater = Statement("lock-later", PackageResources.lock_later_sql)
    static let moveNext = Statement("move-next", PackageResources.move_next_sql)
    static let noteZones = Statement("update headgate.shard set zones = $2 where shard = $1")
    static let reshardPage = Statement("reshard-page", PackageResources.reshard_page_sql)
    static let reshardLock = Statement("reshard-lock", PackageResources.reshard_lock_sql)
    static let reshardTriggers = Statement("reshard-triggers", PackageResources.reshard_triggers_sql)
    static let reshardSchedules = Statement("reshard-schedules", PackageResources.reshard_schedules_sql)

    static func rearmSchedules(shard: Int) -> Statement {
        of(shard, "rearm-schedules", PackageResources.rearm_schedules_sql)
    }
    static func raiseFloor(shard: Int) -> Statement { of(shard, "raise-floor", PackageResources.raise_floor_sql) }

    /// A statement that names the shard's partition.
    private static func of(_ shard: Int, _ name: String, _ text: [UInt8]) -> Statement {
        let text = String(decoding: text, as: UTF8.self)
        return Statement("\(name)-\(shard)", Array(text.replacing("${shard}", with: String(shard)).utf8))
    }

    static let dropRequests = Statement("delete from headgate.idempotency where at < $1")
    /// Advances the sweep's mark; it never goes back.
    static let moveSweep = Statement("update headgate.monitor set swept_to = $1 where swept_to < $1")
    static let unwatchFailures = Statement("delete from headgate.failure_watch where schedule_id = any ($1)")
    static let forgetFailures = Statement(
        "update headgate.failure_watch set failures = 0 where schedule_id = any ($1) and failures > 0")
    /// Whether any schedule is watched for failures, or any tenant has an `onFailure`.
    static let isWatching = Statement(
        """
        select exists (select 1 from headgate.failure_watch)
            or exists (select 1 from headgate.tenant where has_failure_call)
        """)
    static let allShards = Statement("select shard from headgate.shard order by shard")
    /// Takes the loader's lock of a shard for the session; false if another session has it.
    static let takeShard = Statement("select pg_try_advisory_lock(\(AdvisoryLock.loader), $1)")
    /// Taken by every transaction that writes schedules of a shard. See `shareFloors`.
    static let shareFloor = Statement("select pg_advisory_xact_lock_shared(\(AdvisoryLock.floor), $1)")
    /// Needed to raise a shard's floors; false while a writer shares the lock.
    static let holdFloor = Statement("select pg_try_advisory_xact_lock(\(AdvisoryLock.floor), $1)")
    /// The commit does not wait for the disk: a crash of the server may undo it.
    static let asynchronousCommit = Statement("set local synchronous_commit = off")
}

/// First keys of the advisory locks. The second is the shard for `loader` and `floor`, a hash of the tenant for
/// `count`; `migration` has none.
enum AdvisoryLock {
    static let migration = 1_212_630
    /// Held by the session of the loader that works on the shard. It only saves work; correctness rests on row locks.
    static let loader = 1_212_631
    /// Shared by writers of schedules, held alone to raise the shard's floors.
    static let floor = 1_212_632
    /// Held by a transaction that counts a tenant's schedules.
    static let count = 1_212_633
    /// Held by the session of the loader that wakes executions of a group of buckets. It only saves work.
    static let wakes = 1_212_634
    /// Held by the session of the flow-historian that reads the outbox. It only saves work.
    static let outbox = 1_212_635
}

extension PostgresConnection.Configuration {
    /// The configuration of the functions' connections in the engine's role.
    ///
    /// Batches of array parameters are joined row by row through the primary key, which keeps the order of locks. Plans
    /// are made once, often while a new partition is empty: without `enable_seqscan = off` such a plan would read the
    /// whole partition for each row once it has grown. A statement that takes longer than 30 s is a fault.
    package static func engine(url: String, applicationName: String) -> Self {
        var configuration = Self(url: url, applicationName: applicationName)
        configuration.setup = """
            set jit = off; set enable_seqscan = off; set enable_bitmapscan = off; set enable_hashjoin = off; set enable_mergejoin = off; set statement_timeout = '30s';
            set idle_in_transaction_session_timeout = '30s'; set plan_cache_mode = force_generic_plan
            """
        return configuration
    }
}
