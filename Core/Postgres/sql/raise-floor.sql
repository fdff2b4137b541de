-- Raises the floor of a shard's due scan to the earliest armed schedule: $1 shard, $2 ceiling. ${shard} is the shard too. Run it only while
-- holding the shard's floor lock alone, which every writer of schedules shares: then no writer has an uncommitted earlier next_at. Names
-- the partition, because a condition on the shard lets the planner choose the primary key and read the whole shard. Index:
-- schedule_next_at.
update headgate.shard h
set low = least($2, coalesce(
    (select s.next_at from headgate.schedule_${shard} s where s.next_at >= h.low order by s.next_at limit 1), $2))
where h.shard = $1
