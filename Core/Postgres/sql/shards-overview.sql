-- What is to be done in these shards: $1 shards, $2 horizon.
-- Index: schedule_next_at, one probe a shard.
select h.shard, h.low, h.planned_low, h.pass, h.confirmed_pass, h.open_low,
    (select min(s.next_at) from headgate.schedule s where s.shard = h.shard and s.next_at >= h.low and s.next_at < $2)
from headgate.shard h
where h.shard = any ($1)
order by h.shard
