-- A page of a schedule's triggers, newest first: $1 tenant, $2 name, $3 first occurrence, $4 end of occurrences (exclusive), $5 state or
-- null, $6 and $7 occurrence and id that the page comes after, $8 limit. Index: trigger_schedule.
select t.id, t.tenant, t.name, t.kind, t.state, t.revision, t.redrive, t.occurrence, t.planned_at, t.deadline, t.attempts,
    t.lateness_ms, t.cancel_requested, t.count, t.last_occurrence, t.reason, t.attempt_log, t.schedule_id
from headgate.schedule_name n join headgate.trigger t on t.schedule_id = n.id
where n.tenant = $1 and n.name = $2 and t.occurrence >= $3 and t.occurrence < $4 and ($5::smallint is null or t.state = $5)
    and (t.occurrence, t.id) < ($6, $7)
order by t.occurrence desc, t.id desc limit $8
