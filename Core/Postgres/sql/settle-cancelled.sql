-- Marks triggers as cancelled that the queue does not hold: $1 ids, $2 times of the ids, sorted by id, $3 reason for those without one,
-- $4 whether each may have been called. One that may have been called is not planned again (protocols.md, 8a), and its reason says so.
-- Returns the scheduled ones that a change or pause of their schedule cancelled, in the columns of api-cancel-open.sql: their schedules are
-- rewound to them. Locks: the rows, in the order given. Indexes: primary key, trigger_schedule.
with settled as (
    update headgate.trigger t
    set state = ${state.cancelled}, reason = coalesce(t.reason, $3) || case when u.called or t.attempts > 0 then ' after a call' else '' end
    from unnest($1::uuid[], $2::timestamptz[], $4::boolean[]) as u (id, time, called)
    where t.day = (u.time at time zone 'UTC')::date and t.id = u.id and t.state < ${state.final} and t.cancel_requested
    returning t.id, t.day, t.occurrence, t.kind, t.schedule_id, t.shard, t.revision, t.reason
)
select id, false as is_queued, occurrence as replanned, schedule_id, shard, revision
from settled o
where kind = ${kind.scheduled} and reason in (${reason.superseded}, ${reason.paused}) and occurrence > coalesce((
    select max(d.occurrence) from headgate.trigger d
    where d.schedule_id = o.schedule_id and d.kind = ${kind.scheduled} and d.state between ${state.delivered} and ${state.skipped} and d.day >= o.day - 9), '-infinity')
