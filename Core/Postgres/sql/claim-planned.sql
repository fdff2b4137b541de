-- Queues planned triggers: $1 shard, $2 floor, $3 horizon, $4 limit, $5 pass, $6 fairness keys whose triggers stay planned (a tenant, or
-- tenant || '/backfill' for its backfills, kind 2). There is no condition on the day: it would let the planner choose the primary key and
-- read whole days.
-- Returns what the messages need; the action is that of the trigger's own revision, null if nobody knows it any more.
-- Locks: the rows, skipping locked ones. Index: trigger_planned_at, then the primary keys.
with due as (
    select day, id from headgate.trigger
    where shard = $1 and planned_at >= $2 and planned_at < $3 and state = ${state.planned} and not cancel_requested
        and not (case when kind = ${kind.backfill} then tenant || '/backfill' else tenant end = any ($6::text[]))
    order by planned_at
    limit $4
    for update skip locked
), claimed as (
    update headgate.trigger t set state = ${state.queued}, pass = $5 from due where t.day = due.day and t.id = due.id
    returning t.*
)
select c.id, c.tenant, c.name, c.occurrence, c.planned_at, c.deadline, c.redrive, c.attempts,
    coalesce(s.action,
        (select p.action from headgate.past_action p where p.schedule_id = c.schedule_id and p.revision = c.revision)) as action,
    c.kind, c.schedule_id
from claimed c
left join headgate.schedule s on s.shard = c.shard and s.id = c.schedule_id and s.revision = c.revision
order by c.planned_at
