-- Notes in a batch's transaction that a pass has unsent rows: $1 shard, $2 pass, $3 earliest planned_at of its queued rows,
-- $4 earliest planned_at of its planned rows (infinity: none). Locks: the shard's row.
update headgate.shard
set pass = greatest(pass, $2), open_low = least(open_low, $3), planned_low = least(planned_low, $4)
where shard = $1
