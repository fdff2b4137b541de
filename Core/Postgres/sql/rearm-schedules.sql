-- Writes the next occurrence of claimed schedules: $1 ctids, $2 next_at (null: finished), $3 fired, $4 and $5 the range planned ahead
-- (null: none), $6 where planning resumes if not at next_at (null: there). ${shard} is the shard. Names the partition, because through the
-- parent the planner uses no TID scan and would compare every row with every ctid. Locks: none new, the claim holds the rows. Index: none,
-- by ctid.
update headgate.schedule_${shard} s
set next_at = u.next_at, fired = u.fired, state = case when u.next_at is null then ${schedule.finished} else s.state end,
    resume_missed = case when u.ahead_from is not null or u.resume_at is not null then s.resume_missed end,
    ahead_from = u.ahead_from, ahead_to = u.ahead_to, resume_at = u.resume_at
from unnest($1::tid[], $2::timestamptz[], $3::int[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[])
    u (place, next_at, fired, ahead_from, ahead_to, resume_at)
where s.ctid = u.place
