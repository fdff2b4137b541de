-- Moves schedules' triggers that may still be sent, so that their action is found in the new shard: $1 schedule ids, $2 their new shards,
-- $3 first day. Returns the earliest planned_at of the planned ones by shard. Locks: the rows. Index: trigger_schedule.
with moved as (
    update headgate.trigger t set shard = u.shard
    from unnest($1::uuid[], $2::smallint[]) as u (id, shard)
    where t.schedule_id = u.id and t.state in (${state.planned}, ${state.queued}, ${state.dead}) and t.day >= ($3::timestamptz at time zone 'UTC')::date
    returning t.shard, t.planned_at, t.state
)
select shard, min(planned_at) as planned_at from moved where state = ${state.planned} group by shard order by shard
