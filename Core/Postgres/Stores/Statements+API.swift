/// The API's statements.
extension Statement {
    static let apiPutName = Statement("api-put-name", PackageResources.api_put_name_sql)
    static let apiLockNames = Statement("api-lock-names", PackageResources.api_lock_names_sql)
    static let apiFindNames = Statement("api-find-names", PackageResources.api_find_names_sql)
    static let apiInsertSchedules = Statement("api-insert-schedules", PackageResources.api_insert_schedules_sql)
    static let apiUpdateSchedules = Statement("api-update-schedules", PackageResources.api_update_schedules_sql)
    static let apiLowerFloor = Statement("api-lower-floor", PackageResources.api_lower_floor_sql)
    static let apiLowerPlannedFloor = Statement("api-lower-planned-floor", PackageResources.api_lower_planned_floor_sql)
    static let apiCancelOpen = Statement("api-cancel-open", PackageResources.api_cancel_open_sql)
    static let apiSchedules = Statement("api-schedules", PackageResources.api_schedules_sql)
    static let apiPause = Statement("api-pause", PackageResources.api_pause_sql)
    static let apiResume = Statement("api-resume", PackageResources.api_resume_sql)
    static let apiLockPrefix = Statement("api-lock-prefix", PackageResources.api_lock_prefix_sql)
    static let apiBackfill = Statement("api-backfill", PackageResources.api_backfill_sql)
    static let apiDelete = Statement("api-delete", PackageResources.api_delete_sql)
    static let apiInsertTrigger = Statement("api-insert-trigger", PackageResources.api_insert_trigger_sql)
    static let apiTrigger = Statement("api-trigger", PackageResources.api_trigger_sql)
    static let apiTriggersOfSchedule = Statement(
        "api-triggers-of-schedule", PackageResources.api_triggers_of_schedule_sql)
    static let apiTriggers = Statement("api-triggers", PackageResources.api_triggers_sql)
    static let apiCancelTrigger = Statement("api-cancel-trigger", PackageResources.api_cancel_trigger_sql)
    static let apiRedrive = Statement("api-redrive", PackageResources.api_redrive_sql)
    static let apiClaimRequest = Statement("api-claim-request", PackageResources.api_claim_request_sql)
    static let apiAudit = Statement("api-audit", PackageResources.api_audit_sql)

    static let findRequest = Statement(
        "select request, status, body from headgate.idempotency where tenant = $1 and key = $2")
    static let answerRequest = Statement(
        "update headgate.idempotency set status = $3, body = $4 where tenant = $1 and key = $2")
    /// Forgets an unanswered request altogether.
    static let forgetRequest = Statement(
        "delete from headgate.idempotency where tenant = $1 and key = $2 and status = 0")
    /// Lets an unanswered request be begun again at once, with the time of its first attempt.
    static let releaseRequest = Statement(
        "update headgate.idempotency set claimed_at = '-infinity' where tenant = $1 and key = $2 and status = 0")
    /// Confines the transaction to a tenant by row-level security.
    static let setTenant = Statement("select set_config('headgate.tenant', $1, true)")
    /// Gives the transaction's statements 5 s.
    static let shortTimeout = Statement("set local statement_timeout = '5s'")
    /// Gives the transaction the engine's role, which sees all tenants.
    static let becomeEngine = Statement("set local role headgate_engine")
    static let countShards = Statement("select count(*) from headgate.shard")
    static let schemaVersion = Statement("select coalesce(max(version), 0) from headgate.migration")
    static let authenticate = Statement(
        "select id, tenant, subject, role, array_to_string(groups, ',') as groups, is_platform from headgate.authenticate($1)"
    )
    static let insertKey = Statement(
        """
        insert into headgate.api_key (id, hash, tenant, subject, role, groups, is_platform, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        """)
    static let listKeys = Statement(
        """
        select id, tenant, subject, role, array_to_string(groups, ',') as groups, is_platform from headgate.api_key
        where tenant = $1 and revoked_at is null order by id
        """)
    static let revokeKey = Statement(
        "update headgate.api_key set revoked_at = $3 where tenant = $1 and id = $2 and revoked_at is null")
    static let listAudit = Statement(
        """
        select id, at, subject, action, object, reason from headgate.audit
        where tenant = $1 and id < $2 order by id desc limit $3
        """)
}
