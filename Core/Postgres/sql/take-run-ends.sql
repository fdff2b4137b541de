-- Removes ends of runs from the list and returns them, the oldest first, with what is known of their triggers: $1 limit. Name and shard are null
-- if trigger and schedule are gone. Locks: the rows, those that are locked are left. Indexes: the primary keys.
with taken as (
    select execution, ended_at from headgate.run_end order by ended_at, execution limit $1 for update skip locked
), removed as (
    delete from headgate.run_end r using taken x where r.ended_at = x.ended_at and r.execution = x.execution
    returning r.execution, r.ended_at, r.schedule_id, r.tenant, r.state, r.reason
)
select r.execution as trigger_id, r.schedule_id, r.tenant, coalesce(w.name, t.name, s.name) as name,
    coalesce(t.kind, ${kind.scheduled}) as kind, coalesce(t.occurrence, r.ended_at) as occurrence, r.reason,
    coalesce(w.shard, t.shard, s.shard) as shard, r.state
from removed r
left join headgate.failure_watch w on w.schedule_id = r.schedule_id
left join headgate.trigger t on t.id = r.execution
    and t.day = (to_timestamp(('x' || left(replace(r.execution::text, '-', ''), 12))::bit(48)::bigint / 1000.0) at time zone 'UTC')::date
-- The run took longer than triggers are kept.
left join lateral (
    select s.name, s.shard from headgate.shard h join headgate.schedule s on s.shard = h.shard and s.id = r.schedule_id limit 1
) s on w.schedule_id is null and t.id is null
order by r.ended_at, r.execution
