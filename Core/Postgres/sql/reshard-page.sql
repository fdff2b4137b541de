-- A page of a shard's schedules, in the order of ids, without locks: $1 shard, $2 last id, $3 limit. Leaves out hidden schedules whose
-- trigger is stored: they stay with their trigger and are deleted with it. Index: primary key.
select id, tenant, name from headgate.schedule where shard = $1 and id > $2 and (kind = ${schedule.named} or state <> ${schedule.finished}) order by id limit $3
