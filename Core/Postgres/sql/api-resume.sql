-- Arms paused schedules that the transaction has locked: $1 now, $2 policy for missed occurrences (null: the schedule's own), then per row:
-- $3 shard, $4 id, $5 next_at (null: finished). Index: primary key.
update headgate.schedule s
set state = case when u.next_at is null then ${schedule.finished} else ${schedule.active} end, next_at = u.next_at, resume_at = null, pause_reason = null,
    updated_at = $1, resume_missed = $2, began_at = case when s.began_at is not null then least(s.began_at, u.next_at) end
from unnest($3::smallint[], $4::uuid[], $5::timestamptz[]) as u (shard, id, next_at)
where s.shard = u.shard and s.id = u.id and s.state = ${schedule.paused}
