-- Brings summaries of executions that have not ended up to date: per execution $1 id, $2 tenant, $3 flow, $4 version, $5 definition, $6
-- status, $7 trigger, $8 created, $9 time of the last event, $10 its number, $11 first day, $12 last day. One that is known to
-- have ended later is left. Locks: the rows. Indexes: primary key, ended_execution_id.
insert into headgate_history.open_execution as o
    (execution, tenant, flow, version, definition, status, trigger_id, created_at, updated_at, seq, first_day, last_day)
select u.execution, u.tenant, u.flow, u.version, u.definition, u.status, u.trigger_id, u.created_at, u.updated_at, u.seq,
    least((u.first_day at time zone 'UTC')::date, r.first_day), (u.last_day at time zone 'UTC')::date
from unnest($1::uuid[], $2::text[], $3::text[], $4::int[], $5::uuid[], $6::smallint[], $7::uuid[], $8::timestamptz[], $9::timestamptz[],
    $10::bigint[], $11::timestamptz[], $12::timestamptz[])
    as u (execution, tenant, flow, version, definition, status, trigger_id, created_at, updated_at, seq, first_day, last_day)
left join lateral (
    select min(e.first_day) as first_day, max(e.seq) as seq from headgate_history.ended_execution e where e.execution = u.execution
) r on true
where r.seq is null or r.seq < u.seq
on conflict (execution) do update set status = excluded.status, updated_at = excluded.updated_at, seq = excluded.seq,
    first_day = least(o.first_day, excluded.first_day), last_day = greatest(o.last_day, excluded.last_day)
where o.seq < excluded.seq
