-- Writes the next occurrence of claimed schedules: $1 shard, $2 places, $3 next_at (null: finished), $4 fired.
-- Locks: none new, the claim holds the rows. Index: none, by place.
update headgate.schedule s
set next_at = u.next_at, fired = u.fired, state = case when u.next_at is null then 2 else s.state end
from unnest($2::tid[], $3::timestamptz[], $4::int[]) u (place, next_at, fired)
where s.shard = $1 and s.ctid = u.place
