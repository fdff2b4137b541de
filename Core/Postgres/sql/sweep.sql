-- Puts triggers that are unsettled a minute after their planned time on the overdue list, each once: $1 to, $2 now. In one
-- transaction with the statement that moves the mark, and before it; not in one statement with it, for then the mark would have
-- moved before it is read. Index: trigger_planned_at, shard by shard. A condition on the day would save probes of empty
-- partitions, and lets the planner choose the primary key: then every sweep reads the whole day. "offset 0" keeps the subquery from
-- being merged into the join, where the shard and the mark would no longer bound the scan.
insert into headgate.overdue (day, id, check_at)
select late.day, late.id, $2
from headgate.monitor mark cross join headgate.shard h cross join lateral (
    select t.day, t.id from headgate.trigger t
    where t.shard = h.shard and t.planned_at >= mark.swept_to and t.planned_at < $1 and t.state < 2
    offset 0
) late
on conflict do nothing
