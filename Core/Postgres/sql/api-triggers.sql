-- A page of a tenant's triggers, newest first: $1 tenant, $2 from, $3 to, $4 state or null, $5 before this id, $6 limit.
-- Index: primary keys, backwards; the time range bounds the scan.
select id, tenant, name, kind, state, revision, redrive, occurrence, planned_at, deadline, attempts, lateness_ms,
    cancel_requested, count, last_occurrence, reason, attempt_log, schedule_id
from headgate.trigger
where tenant = $1 and day >= ($2::timestamptz at time zone 'UTC')::date and day <= ($3::timestamptz at time zone 'UTC')::date
    and occurrence >= $2 and occurrence < $3 and ($4::smallint is null or state = $4) and id < $5
order by day desc, id desc limit $6
