-- Raises the floor of a shard's planned scan to the earliest planned trigger: $1 shard. Run it only while holding the shard's floor lock
-- alone. Index: trigger_planned_at.
update headgate.shard h
set planned_low = coalesce((select min(t.planned_at) from headgate.trigger t
    where t.shard = $1 and t.planned_at >= h.planned_low and t.state = ${state.planned} and not t.cancel_requested),
    'infinity')
where h.shard = $1
