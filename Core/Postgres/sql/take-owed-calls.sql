-- Removes failure calls that a shard owes from the list and returns them: $1 shard, $2 tenants whose calls stay owed, $3 limit. Locks: the
-- rows. Index: primary key.
with taken as (
    select shard, trigger_id from headgate.owed_call where shard = $1 and tenant <> all ($2) order by trigger_id limit $3
    for update
)
delete from headgate.owed_call o using taken where o.shard = taken.shard and o.trigger_id = taken.trigger_id
returning o.trigger_id, o.schedule_id, o.tenant, o.name, o.kind, o.occurrence, o.count, o.last_occurrence, o.reason, o.shard
