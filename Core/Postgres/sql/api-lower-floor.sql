-- Lowers the floors of shards: $1 shards, $2 next_at. Locks: the shards' rows, only where a floor moves, in order.
update headgate.shard h set low = u.low
from (select shard, min(next_at) as low from unnest($1::smallint[], $2::timestamptz[]) as x (shard, next_at) group by shard order by shard) u
where h.shard = u.shard and h.low > u.low
