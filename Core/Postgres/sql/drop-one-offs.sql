-- Forgets the hidden schedules of one-off triggers that are over: $1 last change before, $2 limit. Index: schedule_one_off.
with gone as (
    select shard, id, tenant, name from headgate.schedule where kind = 1 and state = 2 and updated_at < $1 limit $2
), names as (
    delete from headgate.schedule_name n using gone g where n.tenant = g.tenant and n.name = g.name
)
delete from headgate.schedule s using gone g where s.shard = g.shard and s.id = g.id
