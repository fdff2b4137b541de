-- Queued triggers of unconfirmed passes: $1 shard, $2 last confirmed pass, $3 earliest planned_at, $4 and $5 planned_at and id that the
-- page comes after, $6 limit. Index: trigger_planned_at.
select t.id, t.tenant, t.name, t.occurrence, t.planned_at, t.deadline, t.redrive, t.attempts,
    coalesce(s.action,
        (select p.action from headgate.past_action p where p.schedule_id = t.schedule_id and p.revision = t.revision)) as action,
    t.kind, t.schedule_id
from headgate.trigger t
left join headgate.schedule s on s.shard = t.shard and s.id = t.schedule_id and s.revision = t.revision
where t.shard = $1 and t.planned_at >= $3 and (t.planned_at, t.id) > ($4, $5) and t.pass > $2 and t.state = ${state.queued} and not t.cancel_requested
order by t.planned_at, t.id
limit $6
