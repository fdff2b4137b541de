-- The schedules behind names: $1 tenants, $2 names. Locks: none. Index: primary keys.
select s.id, s.tenant, s.name, s.shard, s.revision, s.state, s.next_at, s.resume_at, s.timing, s.action, s.pause_reason,
    s.created_at, s.updated_at, s.fired
from unnest($1::text[], $2::text[]) as u (tenant, name)
join headgate.schedule_name n on n.tenant = u.tenant and n.name = u.name
join headgate.schedule s on s.shard = n.shard and s.id = n.id
