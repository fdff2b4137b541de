-- Expires planned triggers whose deadline passed while the queue had no room for them: $1 shard, $2 floor, $3 now, $4 limit. Locks: the
-- rows, skipping locked ones. Index: trigger_planned_at.
with late as (
    select day, id from headgate.trigger
    where shard = $1 and planned_at >= $2 and planned_at < $3 and deadline < $3 and state = ${state.planned} and not cancel_requested
    order by planned_at
    limit $4
    for update skip locked
)
update headgate.trigger t set state = ${state.expired}, reason = 'the queue was full until the deadline had passed'
from late where t.day = late.day and t.id = late.id
returning t.schedule_id, t.state, t.occurrence, t.reason, t.id, t.kind, t.tenant, t.name, t.shard, t.attempts, t.state as outcome
