-- Puts triggers that are unsettled a minute after their planned time on the overdue list, each once: $1 to, $2 earliest day,
-- $3 latest day, $4 now. In one transaction with the statement that moves the mark, and before it; not in one statement with
-- it, for then the mark would have moved before it is read. Index: trigger_planned_at.
insert into headgate.overdue (day, id, check_at)
select t.day, t.id, $4 from headgate.trigger t, headgate.monitor mark
where t.shard in (select shard from headgate.shard) and t.planned_at >= mark.swept_to and t.planned_at < $1 and t.state < 2
    and t.day between ($2::timestamptz at time zone 'UTC')::date and ($3::timestamptz at time zone 'UTC')::date
on conflict do nothing
