-- A page of a tenant's schedules, hidden ones included, locked for deletion: $1 tenant, $2 limit. Index: primary keys.
select s.id, s.tenant, s.name, s.shard, s.revision, s.state, s.next_at, s.resume_at, s.timing, s.action, s.pause_reason,
    s.created_at, s.updated_at, s.fired
from headgate.schedule_name n join headgate.schedule s on s.shard = n.shard and s.id = n.id
where n.tenant = $1
order by n.name limit $2
for update of n, s
