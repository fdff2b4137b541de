-- Queued triggers planned from the sweep's mark on: $1 after this planned_at and $2 id, $3 limit.
-- Index: trigger_planned_at.
select t.id, t.tenant, t.name, t.occurrence, t.planned_at, t.deadline, t.redrive, t.attempts, s.action, t.kind, t.day
from headgate.trigger t
left join headgate.schedule s on s.shard = t.shard and s.id = t.schedule_id and s.revision = t.revision
where t.shard in (select shard from headgate.shard) and t.planned_at >= (select swept_to from headgate.monitor)
    and (t.planned_at, t.id) > ($1, $2) and t.state = 1 and not t.cancel_requested
order by t.planned_at, t.id
limit $3
