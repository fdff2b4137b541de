-- A page of the active schedules of a shard that are next due after a time, locked: $1 shard, $2 after this id, $3 time, $4 limit.
-- Without those that stand at a place of their own: they are computed anew when they are planned. Locks: the rows, in the order of
-- ids. Index: primary key.
select id, timing, next_at from headgate.schedule
where shard = $1 and id > $2 and kind = 0 and state = 0 and next_at > $3 and resume_at is null and ahead_from is null
order by id limit $4
for update
