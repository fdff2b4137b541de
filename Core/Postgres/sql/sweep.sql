-- Puts triggers that are unsettled a minute after their planned time on the overdue list, each once: $1 end of the swept range, $2 now.
-- Runs before the statement that advances the mark, in one transaction with it; a single statement would see the mark already advanced.
-- Index: trigger_planned_at, shard by shard. A condition on the day would save probes of empty partitions, but lets the planner choose the
-- primary key, and then every sweep reads the whole day. "offset 0" keeps the subquery from being merged into the join, where shard and
-- mark would no longer bound the scan.
insert into headgate.overdue (day, id, check_at)
select late.day, late.id, $2
from headgate.monitor mark cross join headgate.shard h cross join lateral (
    select t.day, t.id from headgate.trigger t
    where t.shard = h.shard and t.planned_at >= mark.swept_to and t.planned_at < $1 and t.state < ${state.final}
    offset 0
) late
on conflict do nothing
