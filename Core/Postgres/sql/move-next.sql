-- Sets the next occurrence of locked schedules: $1 shard, then per row: $2 id, $3 next_at (null: finished). Index: primary key.
update headgate.schedule s set next_at = u.next_at, state = case when u.next_at is null then ${schedule.finished} else s.state end
from unnest($2::uuid[], $3::timestamptz[]) as u (id, next_at)
where s.shard = $1 and s.id = u.id
