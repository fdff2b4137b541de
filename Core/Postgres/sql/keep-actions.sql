-- Copies the actions of schedules that are about to be changed or deleted, for triggers that still refer to them: $1 shards, $2 ids,
-- $3 when the monitor first checks whether one does. Locks: none that others wait for. Index: primary keys.
insert into headgate.past_action (schedule_id, revision, tenant, action, check_at)
select s.id, s.revision, s.tenant, s.action, $3
from unnest($1::smallint[], $2::uuid[]) as u (shard, id)
join headgate.schedule s on s.shard = u.shard and s.id = u.id
on conflict (schedule_id, revision) do nothing
