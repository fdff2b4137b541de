-- Queued triggers planned at or after the sweep's mark: $1 and $2 planned_at and id that the page comes after, $3 limit. Index:
-- trigger_planned_at, shard by shard.
select t.id, t.tenant, t.name, t.occurrence, t.planned_at, t.deadline, t.redrive, t.attempts,
    coalesce(s.action,
        (select p.action from headgate.past_action p where p.schedule_id = t.schedule_id and p.revision = t.revision)) as action,
    t.kind, t.schedule_id
from headgate.monitor mark cross join headgate.shard h cross join lateral (
    select * from headgate.trigger t
    where t.shard = h.shard and t.planned_at >= greatest(mark.swept_to, $1)
        and (t.planned_at > $1 or t.planned_at = $1 and t.id > $2) and t.state = ${state.queued} and not t.cancel_requested
    order by t.planned_at, t.id
    limit $3
) t
left join headgate.schedule s on s.shard = t.shard and s.id = t.schedule_id and s.revision = t.revision
order by t.planned_at, t.id
limit $3
