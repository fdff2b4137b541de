-- Raises the floor of a shard's due scan to the earliest armed schedule: $1 shard, $2 ceiling.
-- Only while the caller holds the shard's floor lock, which every writer of schedules shares: then no writer has an
-- uncommitted earlier next_at. Index: schedule_next_at.
update headgate.shard h
set low = least($2, coalesce((select min(s.next_at) from headgate.schedule s where s.shard = $1 and s.next_at >= h.low), $2))
where h.shard = $1
