-- Turns planned triggers queued: $1 shard, $2 floor, $3 horizon, $4 limit, $5 pass. Without a condition on the
-- day, which would let the planner choose the primary key and read whole days.
-- Returns what the message needs; action null: the schedule is gone or has another revision.
-- Locks: the rows, skipping those that somebody holds. Index: trigger_planned_at, then the primary keys.
with due as (
    select day, id from headgate.trigger
    where shard = $1 and planned_at >= $2 and planned_at < $3 and state = 0 and not cancel_requested
    order by planned_at
    limit $4
    for update skip locked
), claimed as (
    update headgate.trigger t set state = 1, pass = $5 from due where t.day = due.day and t.id = due.id
    returning t.*
)
select c.id, c.tenant, c.name, c.occurrence, c.planned_at, c.deadline, c.redrive, c.attempts, s.action, c.kind, c.day
from claimed c
left join headgate.schedule s on s.shard = c.shard and s.id = c.schedule_id and s.revision = c.revision
order by c.planned_at
