-- Writes the next occurrence of claimed schedules: $1 places, $2 next_at (null: finished), $3 fired. ${shard} is the shard.
-- Addressed by partition: through the parent the planner makes no scan by place, and would compare every row with every place.
-- Locks: none new, the claim holds the rows. Index: none, by place.
update headgate.schedule_${shard} s
set next_at = u.next_at, fired = u.fired, state = case when u.next_at is null then 2 else s.state end
from unnest($1::tid[], $2::timestamptz[], $3::int[]) u (place, next_at, fired)
where s.ctid = u.place
