/// Statements on tenants, their secrets, and the directory of both.
extension Statement {
    static let putTenant = Statement("put-tenant", PackageResources.put_tenant_sql)
    static let touchTenant = Statement("touch-tenant", PackageResources.touch_tenant_sql)
    static let tenantLimits = Statement("tenant-limits", PackageResources.tenant_limits_sql)
    static let countSchedules = Statement("count-schedules", PackageResources.count_schedules_sql)
    /// Held to the end of a transaction that counts a tenant's schedules.
    static let lockCount = Statement("select pg_advisory_xact_lock(\(AdvisoryLock.count), hashtext($1))")
    static let tenantsChanged = Statement("tenants-changed", PackageResources.tenants_changed_sql)
    static let eraseSchedules = Statement("erase-schedules", PackageResources.erase_schedules_sql)

    static let nextDirectoryVersion = Statement("update headgate.directory set version = version + 1 returning version")
    static let directoryVersion = Statement("select version from headgate.directory")
    static let findTenant = Statement(
        "select tenant, version, revision, settings, updated_at from headgate.tenant where tenant = $1")
    static let lockTenant = Statement(
        "select tenant, version, revision, settings, updated_at from headgate.tenant where tenant = $1 for update")
    /// Whether a tenant is paused; stays so until the transaction ends.
    static let isTenantPaused = Statement("select is_paused from headgate.tenant where tenant = $1 for share")
    static let dropActionsOfTenant = Statement("delete from headgate.past_action where tenant = $1")
    static let dropDeadOfTenant = Statement("delete from headgate.dead where tenant = $1")
    static let dropOwedCallsOfTenant = Statement("delete from headgate.owed_call where tenant = $1")
    /// An erased tenant keeps a row of revision 0; settings given to it later begin at 1.
    static let markErased = Statement("update headgate.tenant set revision = 0 where tenant = $1")
    static let isTenantErased = Statement(
        """
        select exists (select 1 from headgate.tenant where tenant = $1 and revision = 0)
            and not exists (select 1 from headgate.schedule_name where tenant = $1)
            and not exists (select 1 from headgate.secret where tenant = $1)
            and not exists (select 1 from headgate.api_key where tenant = $1 and revoked_at is null)
        """)
    static let dropRequestsOfTenant = Statement("delete from headgate.idempotency where tenant = $1")
    static let dropTenantKeys = Statement(
        "update headgate.api_key set revoked_at = $2 where tenant = $1 and revoked_at is null and not is_platform")
    /// Deletes default settings that are old, published, and have no secrets; an erased tenant's row stays.
    static let dropTenants = Statement(
        """
        delete from headgate.tenant t where t.settings = $1 and t.updated_at < $2 and t.version <= $3 and t.revision > 0
            and not exists (select 1 from headgate.secret s where s.tenant = t.tenant)
        """)
    static let weights = Statement("select tenant, weight from headgate.tenant where weight <> 1")
    /// The tenant's settings, if it has an `onFailure` that was not called since $3; records $2 as its last call.
    static let claimTenantNotice = Statement(
        """
        update headgate.tenant set notified_at = $2 where tenant = $1 and has_failure_call
            and (notified_at is null or notified_at <= $3) returning settings
        """)
    /// The schedule's action record, if it has an `onFailure` that was not called since $3; records $2 as its last
    /// call.
    static let claimScheduleNotice = Statement(
        """
        update headgate.failure_watch w set notified_at = $2 from headgate.schedule s
        where w.schedule_id = $1 and w.has_call and (w.notified_at is null or w.notified_at <= $3)
            and s.shard = w.shard and s.id = w.schedule_id
        returning s.action
        """)
    /// Those of the schedules that have an `onFailure` of their own.
    static let ownFailureCalls = Statement(
        "select schedule_id from headgate.failure_watch where schedule_id = any ($1) and has_call order by 1")

    static let listSecrets = Statement(
        """
        select name, created_at, updated_at from headgate.secret where tenant = $1 and name > $2 order by name limit $3
        """)
    static let sealedSecrets = Statement(
        "select tenant, name, sealed from headgate.secret where tenant = any ($1) order by tenant, name")
    static let lockSecret = Statement("select sealed from headgate.secret where tenant = $1 and name = $2 for update")
    static let countSecrets = Statement("select count(*) from headgate.secret where tenant = $1")
    static let putSecret = Statement(
        """
        insert into headgate.secret (tenant, name, sealed, created_at, updated_at) values ($1, $2, $3, $4, $4)
        on conflict (tenant, name) do update set sealed = excluded.sealed, updated_at = excluded.updated_at
        """)
    static let deleteSecret = Statement("delete from headgate.secret where tenant = $1 and name = $2")
    static let dropSecrets = Statement("delete from headgate.secret where tenant = $1")
    static let knownSecrets = Statement("select name from headgate.secret where tenant = $1 and name = any ($2)")

    /// Rolls the transaction back and begins another with the same characteristics; `set local` settings are lost.
    static let rollbackAndChain = Statement("rollback and chain")
    /// Gives the transaction's statements 10 minutes.
    static let longTimeout = Statement("set local statement_timeout = '10min'")
    static let triggersOfTenant = Statement(
        """
        select id, state in (${state.planned}, ${state.queued}, ${state.dead}) as may_be_queued from headgate.trigger
        where day = ($1::timestamptz at time zone 'UTC')::date and tenant = $2 and id > $3 order by id limit $4
        """)
    static let eraseTriggers = Statement(
        "delete from headgate.trigger where day = ($1::timestamptz at time zone 'UTC')::date and tenant = $2 and id = any ($3)"
    )
}
