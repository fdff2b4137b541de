-- Cancels queued triggers that the queue has lost and that cannot be sent again: $1 ids, $2 times of the ids, sorted by id. Locks: the
-- rows, in the order given. Index: primary key.
update headgate.trigger t set state = ${state.cancelled}, reason = 'lost with its action: the schedule was changed or deleted'
from unnest($1::uuid[], $2::timestamptz[]) as u (id, time)
where t.day = (u.time at time zone 'UTC')::date and t.id = u.id and t.state = ${state.queued}
