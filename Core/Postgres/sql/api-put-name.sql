-- Takes names for schedules: $1 tenants, $2 names, $3 ids, $4 shards. Existing names are left unchanged but locked: without the lock a name
-- that another transaction is deleting would count as taken, and its schedule would be written without a name. Locks: the names' rows, in
-- order. Index: primary key.
insert into headgate.schedule_name (tenant, name, id, shard)
select tenant, name, id, shard from unnest($1::text[], $2::text[], $3::uuid[], $4::smallint[]) as u (tenant, name, id, shard)
order by tenant, name
on conflict (tenant, name) do update set id = excluded.id where false
