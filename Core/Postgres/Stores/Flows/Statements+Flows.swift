private import Model

/// The statements of flows and executions.
extension Statement {
    static let lockExecutions = Statement("lock-executions", PackageResources.lock_executions_sql)
    static let readArrivals = Statement("read-arrivals", PackageResources.read_arrivals_sql)
    static let writeExecutions = Statement("write-executions", PackageResources.write_executions_sql)
    static let putWakes = Statement("put-wakes", PackageResources.put_wakes_sql)
    static let putOutputs = Statement("put-outputs", PackageResources.put_outputs_sql)
    static let renewWorker = Statement("renew-worker", PackageResources.renew_worker_sql)
    static let startExecutions = Statement("start-executions", PackageResources.start_executions_sql)
    static let addArrival = Statement("add-arrival", PackageResources.add_arrival_sql)
    static let publishFlow = Statement("publish-flow", PackageResources.publish_flow_sql)
    static let listFlows = Statement("list-flows", PackageResources.list_flows_sql)
    static let listExecutions = Statement("list-executions", PackageResources.list_executions_sql)

    static let readOrigins = Statement("read-origins", PackageResources.read_origins_sql)
    static let insertExecutions = Statement("insert-executions", PackageResources.insert_executions_sql)
    static let finishOverlaps = Statement("finish-overlaps", PackageResources.finish_overlaps_sql)
    static let staleOverlaps = Statement("stale-overlaps", PackageResources.stale_overlaps_sql)
    static let reportRuns = Statement("report-runs", PackageResources.report_runs_sql)
    static let startOnFailure = Statement("start-on-failure", PackageResources.start_on_failure_sql)
    static let takeRunEnds = Statement("take-run-ends", PackageResources.take_run_ends_sql)
    static let existingExecutions = Statement("select id from headgate.execution where id = any ($1::uuid[])")

    static let eraseExecutions = Statement("erase-executions", PackageResources.erase_executions_sql)
    static let eraseFlows = ["flow", "definition", "binding", "overlap", "run_end", "outbox_a", "outbox_b"].map {
        table in
        Statement("delete from headgate.\(table) where tenant = $1")
    }

    static let appendOutbox = Statement("append-outbox", PackageResources.append_outbox_sql)

    static let readWakes = Statement("read-wakes", PackageResources.read_wakes_sql)
    static let forgetExecutions = Statement("forget-executions", PackageResources.forget_executions_sql)
    static let takeWakeGroup = Statement("select pg_try_advisory_lock(\(AdvisoryLock.wakes), $1)")
    static let unappliedArrivals = Statement("unapplied-arrivals", PackageResources.unapplied_arrivals_sql)
    static let dropArrivals = Statement(
        """
        delete from headgate.arrival a using unnest($1::uuid[], $2::bigint[]) as u (execution, id)
        where a.execution = u.execution and a.id = u.id
        """)
    static let dropWakes = Statement("delete from headgate.wake where execution = any ($1::uuid[])")
    static let putEnded = Statement(
        """
        insert into headgate.ended (forget_at, execution, tenant)
        select u.at, u.id, u.tenant from unnest($1::timestamptz[], $2::uuid[], $3::text[]) as u (at, id, tenant)
        """)
    static let removeWorker = Statement("delete from headgate.worker where id = $1")
    static let storeAnswers = Statement(
        """
        insert into headgate.arrival (execution, tenant, kind, payload, at)
        select u.execution, u.tenant, $4, u.payload, $5
        from unnest($1::uuid[], $2::text[], $3::bytea[]) as u (execution, tenant, payload)
        """)
    static let countFlowFailure = Statement(
        """
        update headgate.execution set failures = failures + 1,
            status = case when failures + 1 >= $3 then ${execution.quarantined} else status end,
            quarantine_reason = case when failures + 1 >= $3 then $2 else quarantine_reason end,
            seq = case when failures + 1 = $3 then seq + 1 else seq end
        where id = $1
        returning id, tenant, definition, status, state, input, origin, created_at, ended_at, quarantine_reason, seq - 1 as seq,
            failures = $3 as is_quarantined_now
        """)
    static let readDefinitions = Statement(
        "select id, tenant, name, version, body, created_at from headgate.definition where id = any ($1::uuid[])")
    static let readDefinition = Statement(
        "select id, tenant, name, version, body, created_at from headgate.definition where tenant = $1 and id = $2")
    static let readVersion = Statement(
        """
        select id, tenant, name, version, body, created_at from headgate.definition
        where tenant = $1 and name = $2 and version = $3
        """)
    static let readCurrent = Statement(
        """
        select d.id, d.tenant, d.name, d.version, d.body, d.created_at
        from headgate.flow f join headgate.definition d on d.id = f.definition where f.tenant = $1 and f.name = $2
        """)
    static let lockFlow = Statement(
        """
        insert into headgate.flow as f (tenant, name, version, created_at, updated_at) values ($1, $2, 0, $3, $3)
        on conflict (tenant, name) do update set updated_at = f.updated_at
        """)
    static let deleteFlow = Statement(
        "update headgate.flow set definition = null, updated_at = $3 where tenant = $1 and name = $2 and definition is not null"
    )
    static let lockBinding = Statement(
        "select pg_advisory_xact_lock(hashtextextended('binding ' || $1 || ' ' || $2, 0))")
    static let replaceBinding = Statement(
        """
        update headgate.binding set replaced_at = $4
        where tenant = $1 and type = $2 and replaced_at is null and body <> $3
        """)
    static let insertBinding = Statement(
        """
        insert into headgate.binding (tenant, type, body, subject, created_at) select $1, $2, $3, $4, $5
        where not exists (select 1 from headgate.binding where tenant = $1 and type = $2 and replaced_at is null)
        """)
    static let currentBinding = Statement(
        """
        select id, tenant, type, body, created_at from headgate.binding
        where tenant = $1 and type = $2 and replaced_at is null
        """)
    static let bindingsOfTenant = Statement(
        """
        select distinct on (type) id, tenant, type, body, created_at from headgate.binding
        where tenant in ($1, '*') and replaced_at is null order by type, tenant = '*'
        """)
    static let bindingsByID = Statement(
        "select id, tenant, type, body, created_at from headgate.binding where id = any ($1::bigint[])")
    static let readExecution = Statement(
        """
        select id, tenant, definition, status, state, input, origin, created_at, ended_at, quarantine_reason
        from headgate.execution where id = $1 and tenant = $2
        """)
    static let knownExecutions = Statement(
        """
        select e.id, e.definition, e.digest from headgate.execution e where e.tenant = $1 and e.id = any ($2::uuid[])
        """)
    static let readOutputs = Statement(
        """
        select distinct on (step) step, attempt, body from headgate.output
        where execution = $1 and tenant = $2 order by step, attempt desc
        """)
}
