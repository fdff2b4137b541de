-- A page of a tenant's triggers, newest first: $1 tenant, $2 first occurrence, $3 end of occurrences (exclusive), $4 state or null, $5 end
-- of ids (exclusive), $6 limit, $7 first id, $8 and $9 times of the first and last day. There is no index by tenant: it reads all tenants'
-- rows between the two ids, a range that the caller keeps small. Index: primary keys, backwards.
select id, tenant, name, kind, state, revision, redrive, occurrence, planned_at, deadline, attempts, lateness_ms,
    cancel_requested, count, last_occurrence, reason, attempt_log, schedule_id
from headgate.trigger
where tenant = $1 and day >= ($8::timestamptz at time zone 'UTC')::date and day <= ($9::timestamptz at time zone 'UTC')::date
    and occurrence >= $2 and occurrence < $3 and ($4::smallint is null or state = $4) and id < $5 and id >= $7
order by day desc, id desc limit $6
