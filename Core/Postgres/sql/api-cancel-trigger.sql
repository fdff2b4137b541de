-- Requests cancellation of one trigger: $1 id, $2 time of the id, $3 tenant, $4 now. A planned trigger is cancelled at once; a queued one
-- goes on the overdue list, due in 5 s. Index: primary keys.
with asked as (
    update headgate.trigger t
    set cancel_requested = true, reason = ${reason.cancelled}, state = case when t.state = ${state.planned} then ${state.cancelled} else t.state end
    where t.day = ($2::timestamptz at time zone 'UTC')::date and t.id = $1 and t.tenant = $3 and t.state < ${state.final}
    returning t.day, t.id, t.state
)
insert into headgate.overdue (day, id, check_at) select day, id, $4::timestamptz + interval '5 seconds' from asked where state = ${state.queued}
on conflict (day, id) do update set check_at = excluded.check_at
