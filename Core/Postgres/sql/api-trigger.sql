-- One trigger: $1 id, $2 time of the id, $3 tenant. Index: primary key.
select id, tenant, name, kind, state, revision, redrive, occurrence, planned_at, deadline, attempts, lateness_ms,
    cancel_requested, count, last_occurrence, reason, attempt_log, schedule_id
from headgate.trigger where day = ($2::timestamptz at time zone 'UTC')::date and id = $1 and tenant = $3
