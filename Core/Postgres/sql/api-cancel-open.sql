-- Requests cancellation of schedules' open triggers: $1 schedule ids, $2 now, $3 reason, $4 whether manual, backfilled and one-off triggers
-- are included, as in a delete; a change or pause leaves them alone (protocols.md, 9a). Planned triggers are cancelled at once; queued ones
-- go on the overdue list, due in 5 s. Returns per trigger the id, whether the queue may hold it, and the occurrence to plan again if it is
-- cancelled (null unless it is scheduled and later than everything settled), with schedule, shard and revision.
-- Open triggers are at most 8 days old, except backfills, which are dated by the day of their request, and older triggers that were
-- redriven, which are on the overdue list.
-- Locks: the rows. Index: trigger_schedule (in the partitions that can hold a backfill, nothing else has occurrences that old), and the
-- primary keys.
with recent as (
    update headgate.trigger t
    set cancel_requested = true, reason = $3, state = case when t.state = ${state.planned} then ${state.cancelled} else t.state end
    where t.schedule_id = any ($1) and t.occurrence >= $2::timestamptz - interval '8 days' and t.state < ${state.final} and ($4 or t.kind = ${kind.scheduled})
    returning t.id, t.day, t.state, t.occurrence, t.kind, t.schedule_id, t.shard, t.revision
), backfilled as (
    update headgate.trigger t
    set cancel_requested = true, reason = $3, state = case when t.state = ${state.planned} then ${state.cancelled} else t.state end
    where t.schedule_id = any ($1) and t.occurrence < $2::timestamptz - interval '8 days' and t.state < ${state.final} and ($4 or t.kind = ${kind.scheduled})
        and t.day >= ($2::timestamptz - interval '9 days')::date
    returning t.id, t.day, t.state, t.occurrence, t.kind, t.schedule_id, t.shard, t.revision
), redriven as (
    update headgate.trigger t
    set cancel_requested = true, reason = $3, state = case when t.state = ${state.planned} then ${state.cancelled} else t.state end
    from headgate.overdue w
    where w.day < ($2::timestamptz - interval '9 days')::date and t.day = w.day and t.id = w.id
        and t.schedule_id = any ($1) and t.occurrence < $2::timestamptz - interval '8 days' and t.state < ${state.final} and ($4 or t.kind = ${kind.scheduled})
    returning t.id, t.day, t.state, t.occurrence, t.kind, t.schedule_id, t.shard, t.revision
), open as (
    select * from recent union all select * from backfilled union all select * from redriven
), late as (
    insert into headgate.overdue (day, id, check_at) select day, id, $2::timestamptz + interval '5 seconds' from open where state = ${state.queued}
    on conflict (day, id) do update set check_at = excluded.check_at
)
select id, state = ${state.queued} as is_queued, case when kind = ${kind.scheduled} and occurrence > coalesce((
        select max(d.occurrence) from headgate.trigger d
        where d.schedule_id = o.schedule_id and d.kind = ${kind.scheduled} and d.state between ${state.delivered} and ${state.skipped}
            and d.occurrence >= $2::timestamptz - interval '9 days'), '-infinity') then occurrence end as replanned, schedule_id, shard, revision
from open o
