-- Confirms that every row of a pass was sent: $1 shard, $2 pass. Only in order: while an earlier pass is unconfirmed nothing changes.
-- Locks: the shard's row.
update headgate.shard
set confirmed_pass = $2, open_low = case when pass = $2 then 'infinity' else open_low end
where shard = $1 and confirmed_pass = $2 - 1
