-- Confirms every pass up to one, after what was unconfirmed has been sent again: $1 shard, $2 pass. Locks: the shard's row.
update headgate.shard
set confirmed_pass = $2, open_low = case when pass = $2 then 'infinity' else open_low end
where shard = $1 and confirmed_pass < $2
