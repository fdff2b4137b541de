-- Moves the triggers of schedules that may be sent again, so that their action is found: $1 ids of schedules, $2 their new shards,
-- $3 first day. Returns shard and planned_at of the planned ones. Locks: the rows. Index: trigger_schedule.
with moved as (
    update headgate.trigger t set shard = u.shard
    from unnest($1::uuid[], $2::smallint[]) as u (id, shard)
    where t.schedule_id = u.id and t.state in (0, 1, 5) and t.day >= ($3::timestamptz at time zone 'UTC')::date
    returning t.shard, t.planned_at, t.state
)
select shard, min(planned_at) from moved where state = 0 group by shard order by shard
