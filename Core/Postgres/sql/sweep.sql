-- Puts triggers that are unsettled a minute after their planned time on the overdue list, each once, and moves the mark:
-- $1 to, $2 earliest day, $3 latest day, $4 now. Returns nothing. Index: trigger_planned_at.
with mark as (
    select swept_to from headgate.monitor for update
), late as (
    insert into headgate.overdue (day, id, check_at)
    select t.day, t.id, $4 from headgate.trigger t, mark
    where t.shard in (select shard from headgate.shard) and t.planned_at >= mark.swept_to and t.planned_at < $1 and t.state < 2
        and t.day between ($2::timestamptz at time zone 'UTC')::date and ($3::timestamptz at time zone 'UTC')::date
    on conflict do nothing
)
update headgate.monitor set swept_to = $1 where swept_to < $1
