-- Raises the floor of a shard's due scan to the earliest armed schedule: $1 shard, $2 ceiling, above which the floor is not raised.
-- ${shard} is the same shard, as part of the partition's name. Run it only while holding the shard's floor lock exclusively: writers of
-- schedules hold it in shared mode, so none of them can then have an uncommitted, earlier next_at. The statement addresses the partition
-- directly: with a condition on the shard, Postgres may choose the primary key and read the whole shard. Index: schedule_next_at.
update headgate.shard h
set low = least($2, coalesce(
    (select s.next_at from headgate.schedule_${shard} s where s.next_at >= h.low order by s.next_at limit 1), $2))
where h.shard = $1
