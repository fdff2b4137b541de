-- Lowers the floors of planned scans to planned triggers that lie below them: $1 ids, $2 times of the ids. Two loaders that write a shard's
-- floor at the same time can leave it too high; scans then miss what lies below (protocols.md, 14a). Locks: the shards' rows, in order,
-- only where a floor moves. Index: primary key.
update headgate.shard h set planned_low = u.low
from (
    select t.shard, min(t.planned_at) as low
    from unnest($1::uuid[], $2::timestamptz[]) as x (id, time)
    join headgate.trigger t on t.day = (x.time at time zone 'UTC')::date and t.id = x.id
    where t.state = ${state.planned} and not t.cancel_requested
    group by t.shard order by t.shard
) u
where h.shard = u.shard and h.planned_low > u.low
