-- Takes overdue triggers whose check is due, and schedules their next one: $1 now, $2 limit, $3 next check. Locks: their rows of the list,
-- skipping locked ones. Index: overdue_check_at, then the primary keys.
with due as (
    select day, id from headgate.overdue where check_at <= $1 order by check_at limit $2 for update skip locked
), put as (
    update headgate.overdue o set check_at = $3 from due where o.day = due.day and o.id = due.id
)
select t.id, t.tenant, t.name, t.occurrence, t.planned_at, t.deadline, t.redrive, t.attempts,
    coalesce(s.action,
        (select p.action from headgate.past_action p where p.schedule_id = t.schedule_id and p.revision = t.revision)) as action,
    t.kind, t.schedule_id, t.state, t.cancel_requested, due.id as overdue_id
from due
left join headgate.trigger t on t.day = due.day and t.id = due.id
left join headgate.schedule s on s.shard = t.shard and s.id = t.schedule_id and s.revision = t.revision
