-- A page of a tenant's executions, newest first: $1 tenant, $2 flow or null, $3 status or null, $4 created from, $5 created before, $6 and $7
-- before this time and execution, $8 limit. An execution that ended, was retried and ended again is shown as it last ended. Locks: none.
-- Indexes: open_execution_tenant, ended_execution_tenant.
(
    select execution, tenant, flow, version, definition, status, trigger_id, created_at, null::timestamptz as ended_at, seq,
        first_day::timestamp at time zone 'UTC' as first_day, last_day::timestamp at time zone 'UTC' as last_day,
        null::bytea as snapshot
    from headgate_history.open_execution
    where tenant = $1 and ($2::text is null or flow = $2) and ($3::smallint is null or status = $3) and created_at >= $4 and created_at < $5
        and (created_at, execution) < ($6, $7)
    order by created_at desc, execution desc
    limit $8
)
union all
(
    select execution, tenant, flow, version, definition, status, trigger_id, created_at, ended_at, seq,
        first_day::timestamp at time zone 'UTC', last_day::timestamp at time zone 'UTC', null::bytea
    from headgate_history.ended_execution e
    where tenant = $1 and ($2::text is null or flow = $2) and ($3::smallint is null or status = $3) and created_at >= $4 and created_at < $5
        and (created_at, execution) < ($6, $7)
        and not exists (select 1 from headgate_history.open_execution o where o.execution = e.execution)
        and not exists (select 1 from headgate_history.ended_execution l where l.execution = e.execution and l.seq > e.seq)
    order by created_at desc, execution desc
    limit $8
)
order by 8 desc, 1 desc
limit $8
