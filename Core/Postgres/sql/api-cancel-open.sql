-- Asks to cancel the open triggers of schedules: $1 schedule ids, $2 now, $3 reason, $4 whether those that were fired, backfilled or
-- made one by one go too, as with a delete: a change or a pause leaves them alone (protocols.md, 9a). Those that were never sent are
-- cancelled at once. Returns the ids, whether the queue may hold them, and where their schedules go back to if they are cancelled:
-- the occurrence where it is of the calendar and later than all that is settled, with schedule, shard and revision.
-- What is open is of the last 8 days; but for backfills of older occurrences, which are dated by the day on which they were asked for,
-- and what is older and redriven, which the monitor watches.
-- Index: trigger_schedule (of the days that can hold a backfill it names nothing else that old), and the primary keys.
with recent as (
    update headgate.trigger t
    set cancel_requested = true, reason = $3, state = case when t.state = 0 then 7 else t.state end
    where t.schedule_id = any ($1) and t.occurrence >= $2::timestamptz - interval '8 days' and t.state < 2 and ($4 or t.kind = 0)
    returning t.id, t.day, t.state, t.occurrence, t.kind, t.schedule_id, t.shard, t.revision
), backfilled as (
    update headgate.trigger t
    set cancel_requested = true, reason = $3, state = case when t.state = 0 then 7 else t.state end
    where t.schedule_id = any ($1) and t.occurrence < $2::timestamptz - interval '8 days' and t.state < 2 and ($4 or t.kind = 0)
        and t.day >= ($2::timestamptz - interval '9 days')::date
    returning t.id, t.day, t.state, t.occurrence, t.kind, t.schedule_id, t.shard, t.revision
), redriven as (
    update headgate.trigger t
    set cancel_requested = true, reason = $3, state = case when t.state = 0 then 7 else t.state end
    from headgate.overdue w
    where w.day < ($2::timestamptz - interval '9 days')::date and t.day = w.day and t.id = w.id
        and t.schedule_id = any ($1) and t.occurrence < $2::timestamptz - interval '8 days' and t.state < 2 and ($4 or t.kind = 0)
    returning t.id, t.day, t.state, t.occurrence, t.kind, t.schedule_id, t.shard, t.revision
), open as (
    select * from recent union all select * from backfilled union all select * from redriven
), late as (
    insert into headgate.overdue (day, id, check_at) select day, id, $2::timestamptz + interval '5 seconds' from open where state = 1
    on conflict (day, id) do update set check_at = excluded.check_at
)
select id, state = 1, case when kind = 0 and occurrence > coalesce((
        select max(d.occurrence) from headgate.trigger d
        where d.schedule_id = o.schedule_id and d.kind = 0 and d.state between 2 and 6
            and d.occurrence >= $2::timestamptz - interval '9 days'), '-infinity') then occurrence end, schedule_id, shard, revision
from open o
