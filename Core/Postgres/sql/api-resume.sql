-- Arms a paused schedule that the transaction has locked: $1 shard, $2 id, $3 next_at (null: finished), $4 now, $5 what becomes
-- of missed occurrences (null: the schedule's own policy).
update headgate.schedule
set state = case when $3::timestamptz is null then 2 else 0 end, next_at = $3, resume_at = null, pause_reason = null, updated_at = $4,
    resume_missed = $5
where shard = $1 and id = $2 and state = 1
