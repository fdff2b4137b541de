-- Takes names for schedules: $1 tenant, $2 names, $3 ids, $4 shards. Names that exist stay as they are.
-- Locks: the names' rows, in order. Index: primary key.
insert into headgate.schedule_name (tenant, name, id, shard)
select $1, name, id, shard from unnest($2::text[], $3::uuid[], $4::smallint[]) as u (name, id, shard) order by name
on conflict do nothing
