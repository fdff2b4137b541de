-- Records outcomes, each once: per outcome $1 id, $2 time of the id, $3 redrive, $4 attempt (0: no call was made), $5 state (1: the trigger
-- goes on), $6 lateness ms, $7 reason, $8 log line. At most one outcome per trigger and call, sorted by day and id. A final state never
-- changes. A final outcome ends an open row even if its attempt is recorded already: two calls share an attempt number after Redis went
-- back (protocols.md, 6, 7a). Locks: the rows, in the order given. Index: primary key. The update is HOT.
update headgate.trigger t
set state = case when t.state < ${state.final} then u.state else t.state end,
    reason = case when t.state < ${state.final} and not (t.cancel_requested and u.state = ${state.queued}) then u.reason else t.reason end,
    recorded = t.recorded | case when u.attempt between 1 and 63 then 1::bigint << (u.attempt - 1) else 0 end,
    attempts = greatest(t.attempts, u.attempt),
    lateness_ms = coalesce(least(t.lateness_ms, u.lateness_ms), t.lateness_ms, u.lateness_ms),
    attempt_log = case when u.line is null then t.attempt_log else coalesce(t.attempt_log, '') || u.line end
from unnest($1::uuid[], $2::timestamptz[], $3::smallint[], $4::int[], $5::smallint[], $6::int[], $7::text[], $8::bytea[])
    as u (id, time, redrive, attempt, state, lateness_ms, reason, line)
where t.day = (u.time at time zone 'UTC')::date and t.id = u.id and t.redrive = u.redrive
    and case when u.attempt between 1 and 63
        then t.recorded & (1::bigint << (u.attempt - 1)) = 0 or t.state < ${state.final} and u.state >= ${state.final}
        else t.state < ${state.final} end
