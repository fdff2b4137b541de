-- Inserts triggers of one shard and pass: $1 shard, $2 pass, then per row: $3 kind, $4 id, $5 time of the id, $6 state,
-- $7 revision, $8 schedule, $9 occurrence, $10 planned_at, $11 deadline, $12 tenant, $13 name, $14 count,
-- $15 last occurrence, $16 reason. An id that exists stays as it is.
-- Locks: none that others wait for. Indexes: primary key, trigger_planned_at, trigger_schedule.
insert into headgate.trigger (day, id, shard, kind, state, revision, schedule_id, occurrence, planned_at, deadline, pass,
    tenant, name, count, last_occurrence, reason)
select (time at time zone 'UTC')::date, id, $1, kind, state, revision, schedule_id, occurrence, planned_at, deadline, $2,
    tenant, name, count, last_occurrence, reason
from unnest($3::smallint[], $4::uuid[], $5::timestamptz[], $6::smallint[], $7::int[], $8::uuid[], $9::timestamptz[],
    $10::timestamptz[], $11::timestamptz[], $12::text[], $13::text[], $14::int[], $15::timestamptz[], $16::text[])
    as u (kind, id, time, state, revision, schedule_id, occurrence, planned_at, deadline, tenant, name, count, last_occurrence,
        reason)
on conflict do nothing
