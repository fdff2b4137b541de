-- Stores summaries of executions under the day of their end: per execution $1 id, $2 tenant, $3 flow, $4 version, $5 definition, $6 status,
-- $7 trigger, $8 created, $9 ended, $10 number of the last event, $11 first day, $12 last day, $13 snapshot, $14 digest of the input. What was known before counts for
-- the first day, and for the snapshot: what comes after the end has none. Locks: the rows. Index: the primary keys.
insert into headgate_history.ended_execution as o
    (day, execution, tenant, flow, version, definition, status, trigger_id, created_at, ended_at, seq, first_day, last_day, snapshot, digest)
select (u.ended_at at time zone 'UTC')::date, u.execution, u.tenant, u.flow, u.version, u.definition, u.status, u.trigger_id, u.created_at,
    u.ended_at, u.seq, least((u.first_day at time zone 'UTC')::date, p.first_day, r.first_day), (u.last_day at time zone 'UTC')::date, u.snapshot,
    u.digest
from unnest($1::uuid[], $2::text[], $3::text[], $4::int[], $5::uuid[], $6::smallint[], $7::uuid[], $8::timestamptz[], $9::timestamptz[],
    $10::bigint[], $11::timestamptz[], $12::timestamptz[], $13::bytea[], $14::bytea[])
    as u (execution, tenant, flow, version, definition, status, trigger_id, created_at, ended_at, seq, first_day, last_day, snapshot, digest)
left join headgate_history.open_execution p on p.execution = u.execution
left join lateral (
    select min(e.first_day) as first_day from headgate_history.ended_execution e where e.execution = u.execution
) r on true
on conflict (day, execution) do update set status = excluded.status, ended_at = excluded.ended_at, seq = excluded.seq,
    last_day = excluded.last_day, snapshot = coalesce(excluded.snapshot, o.snapshot), digest = coalesce(excluded.digest, o.digest)
where o.seq < excluded.seq
