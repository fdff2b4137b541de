-- Lowers the floors of shards, where scans for due schedules begin: $1 shards, $2 next_at of schedules that were armed. Locks: the shards'
-- rows, in order, only where a floor moves.
update headgate.shard h set low = u.low
from (select shard, min(next_at) as low from unnest($1::smallint[], $2::timestamptz[]) as x (shard, next_at) group by shard order by shard) u
where h.shard = u.shard and h.low > u.low
