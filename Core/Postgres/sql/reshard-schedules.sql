-- Moves locked schedules to another shard, with their names and failure watches: $1 old shard, $2 ids, $3 new shards. Returns shard and
-- next_at. Index: primary keys.
with u as (
    select * from unnest($2::uuid[], $3::smallint[]) as u (id, shard)
), names as (
    update headgate.schedule_name n set shard = u.shard from u, headgate.schedule s
    where s.shard = $1 and s.id = u.id and n.tenant = s.tenant and n.name = s.name and n.id = u.id
), watches as (
    update headgate.failure_watch w set shard = u.shard from u where w.schedule_id = u.id
)
update headgate.schedule s set shard = u.shard from u where s.shard = $1 and s.id = u.id
returning s.shard, s.next_at
