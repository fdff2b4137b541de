-- A page of the schedules of a shard, in the order of ids, without locks: $1 shard, $2 last id, $3 limit. Without the hidden
-- schedules of triggers that are stored: those stay with their trigger, and are forgotten with it. Index: primary key.
select id, tenant, name from headgate.schedule where shard = $1 and id > $2 and (kind = 0 or state <> 2) order by id limit $3
