-- Writes the next occurrence of claimed schedules: $1 places, $2 next_at (null: finished), $3 fired, $4 and $5 the range
-- planned ahead (null: none), $6 where to go on where that is not next_at (null: it is). ${shard} is the shard.
-- Addressed by partition: through the parent the planner makes no scan by place, and would compare every row with every place.
-- Locks: none new, the claim holds the rows. Index: none, by place.
update headgate.schedule_${shard} s
set next_at = u.next_at, fired = u.fired, state = case when u.next_at is null then 2 else s.state end,
    resume_missed = case when u.ahead_from is not null or u.resume_at is not null then s.resume_missed end,
    ahead_from = u.ahead_from, ahead_to = u.ahead_to, resume_at = u.resume_at
from unnest($1::tid[], $2::timestamptz[], $3::int[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[])
    u (place, next_at, fired, ahead_from, ahead_to, resume_at)
where s.ctid = u.place
