-- The state of these shards and the next_at of their first due schedule: $1 shards, $2 horizon, $3 earliest next_at to look at. Index:
-- schedule_next_at, one probe a shard.
select h.shard, h.low, h.planned_low, h.pass, h.confirmed_pass, h.open_low,
    (select s.next_at from headgate.schedule s
        where s.shard = h.shard and s.next_at >= greatest(h.low, $3) and s.next_at < $2 order by s.next_at limit 1) as first_due
from headgate.shard h
where h.shard = any ($1)
order by h.shard
