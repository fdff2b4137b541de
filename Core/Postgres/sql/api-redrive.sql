-- Turns dead triggers queued: $1 ids, $2 times of the ids, $3 tenant, $4 deadline, $5 when the monitor looks. Attempts count anew.
with again as (
    update headgate.trigger t
    set state = 1, redrive = t.redrive + 1, recorded = 0, attempts = 0, deadline = greatest(t.deadline, $4), reason = null,
        cancel_requested = false
    from unnest($1::uuid[], $2::timestamptz[]) as u (id, time)
    where t.day = (u.time at time zone 'UTC')::date and t.id = u.id and t.tenant = $3 and t.state = 5
    returning t.day, t.id
), late as (
    insert into headgate.overdue (day, id, check_at) select day, id, $5::timestamptz from again
    on conflict (day, id) do update set check_at = excluded.check_at
)
select id from again
