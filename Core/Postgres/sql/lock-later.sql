-- A page of a shard's active schedules that are next due after a time, locked: $1 shard, $2 after this id, $3 time, $4 limit. Leaves out
-- those that are catching up or could not be planned (ahead_from, resume_at): planning recomputes them. Locks: the rows, in the order of
-- ids. Index: primary key.
select id, timing, next_at from headgate.schedule
where shard = $1 and id > $2 and kind = ${schedule.named} and state = ${schedule.active} and next_at > $3 and resume_at is null and ahead_from is null
order by id limit $4
for update
