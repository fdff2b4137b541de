-- Inserts schedules whose names are taken already: $1 kind, $2 now, then per row: $3 tenant, $4 shard, $5 id, $6 name, $7 state,
-- $8 next_at, $9 resume_at, $10 timing, $11 action, $12 reason of a pause. Indexes: primary key, schedule_next_at.
insert into headgate.schedule (shard, id, tenant, name, kind, revision, state, next_at, resume_at, timing, action, pause_reason,
    began_at, created_at, updated_at)
select shard, id, tenant, name, $1, 1, state, next_at, resume_at, timing, action, pause_reason,
    coalesce(next_at, resume_at), $2, $2
from unnest($3::text[], $4::smallint[], $5::uuid[], $6::text[], $7::smallint[], $8::timestamptz[], $9::timestamptz[],
    $10::bytea[], $11::bytea[], $12::text[])
    as u (tenant, shard, id, name, state, next_at, resume_at, timing, action, pause_reason)
