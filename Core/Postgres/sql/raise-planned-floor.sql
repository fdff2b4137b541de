-- Raises the floor of a shard's planned scan to the earliest planned trigger: $1 shard, $2 earliest day, $3 latest day.
-- Only while the caller holds the shard's floor lock. Index: trigger_planned_at.
update headgate.shard h
set planned_low = coalesce((select min(t.planned_at) from headgate.trigger t
    where t.shard = $1 and t.planned_at >= h.planned_low and t.state = 0 and not t.cancel_requested
        and t.day between ($2::timestamptz at time zone 'UTC')::date and ($3::timestamptz at time zone 'UTC')::date), 'infinity')
where h.shard = $1
