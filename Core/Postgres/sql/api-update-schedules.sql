-- Replaces schedules that the transaction has locked: $1 now, then per row: $2 shard, $3 id, $4 revision, $5 state, $6 next_at,
-- $7 resume_at, $8 timing, $9 action, $10 reason of a pause (null: keep the present one). Index: primary key.
update headgate.schedule s
set fired = case when s.revision = u.revision then s.fired else 0 end, 
    began_at = case when s.revision = u.revision then s.began_at else coalesce(u.next_at, u.resume_at) end,
    revision = u.revision, state = u.state,
    next_at = u.next_at, resume_at = u.resume_at, timing = u.timing, action = u.action, updated_at = $1,
    pause_reason = case when u.state = ${schedule.paused} then coalesce(u.pause_reason, s.pause_reason) end, resume_missed = null, ahead_from = null, ahead_to = null
from unnest($2::smallint[], $3::uuid[], $4::int[], $5::smallint[], $6::timestamptz[], $7::timestamptz[], $8::bytea[], $9::bytea[],
    $10::text[]) as u (shard, id, revision, state, next_at, resume_at, timing, action, pause_reason)
where s.shard = u.shard and s.id = u.id
