-- Deletes the hidden schedules of one-off triggers that are over: $1 last change before, $2 limit. Index: schedule_one_off.
with gone as (
    select shard, id, tenant, name from headgate.schedule s
    where kind = ${schedule.hidden} and state = ${schedule.finished} and updated_at < $1
        -- An open trigger still needs its action.
        and (select true from headgate.trigger t where t.schedule_id = s.id and t.state < ${state.final} limit 1) is null
    limit $2
), names as (
    delete from headgate.schedule_name n using gone g where n.tenant = g.tenant and n.name = g.name
)
delete from headgate.schedule s using gone g where s.shard = g.shard and s.id = g.id
