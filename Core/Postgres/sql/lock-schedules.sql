-- Locks and returns those of these schedules that are active: per row $1 shard, $2 id. Locks: the rows. Index: primary key.
select s.id, s.tenant, s.name, s.shard, s.revision, s.state, s.next_at, s.resume_at, s.timing, s.action, s.pause_reason,
    s.created_at, s.updated_at, s.fired
from unnest($1::smallint[], $2::uuid[]) as u (shard, id)
join headgate.schedule s on s.shard = u.shard and s.id = u.id
where s.state = ${schedule.active}
for update of s
