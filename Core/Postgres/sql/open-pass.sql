-- Records, in a batch's transaction, that a pass has unsent rows: $1 shard, $2 pass, $3 earliest planned_at of its queued rows, $4 earliest
-- planned_at of its planned rows (infinity: none). Rows planned before the last sweep, by a loader that was stalled or whose clock was
-- behind, go on the overdue list, because the sweep's mark has passed them or soon will. Usually that scan finds nothing.
-- Locks: the shard's row. Index: trigger_planned_at.
with late as (
    insert into headgate.overdue (day, id, check_at)
    select late.day, late.id, mark.swept_to + interval '2 minutes'
    from headgate.monitor mark cross join lateral (
        select t.day, t.id from headgate.trigger t
        where t.shard = $1 and t.planned_at >= least($3::timestamptz, $4::timestamptz)
            and t.planned_at < mark.swept_to + interval '1 minute' and t.state < ${state.final}
        offset 0
    ) late
    on conflict do nothing
)
update headgate.shard
set pass = greatest(pass, $2), open_low = least(open_low, $3), planned_low = least(planned_low, $4)
where shard = $1
