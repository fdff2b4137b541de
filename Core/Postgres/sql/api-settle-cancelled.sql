-- Makes triggers cancelled that the queue does not hold: $1 ids, $2 times of the ids, $3 tenant, $4 reason where none is noted.
update headgate.trigger t set state = 7, reason = coalesce(t.reason, $4)
from unnest($1::uuid[], $2::timestamptz[]) as u (id, time)
where t.day = (u.time at time zone 'UTC')::date and t.id = u.id and t.tenant = $3 and t.state < 2 and t.cancel_requested
