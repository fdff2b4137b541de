-- The number of a new pass: $1 shard. Locks: the shard's row.
update headgate.shard set pass = pass + 1 where shard = $1 returning pass
