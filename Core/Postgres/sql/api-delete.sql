-- Deletes a schedule and its name: $1 tenant, $2 name, $3 shard, $4 id.
with gone as (delete from headgate.schedule where shard = $3 and id = $4)
delete from headgate.schedule_name where tenant = $1 and name = $2
