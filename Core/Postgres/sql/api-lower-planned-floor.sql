-- Lowers the floor of a shard's planned scan: $1 shard, $2 planned_at. Locks: the shard's row, only where the floor moves.
update headgate.shard set planned_low = $2 where shard = $1 and planned_low > $2
