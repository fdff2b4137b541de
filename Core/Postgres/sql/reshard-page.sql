-- A page of the schedules of a shard, in the order of ids, without locks: $1 shard, $2 last id, $3 limit. Index: primary key.
select id, tenant, name from headgate.schedule where shard = $1 and id > $2 order by id limit $3
