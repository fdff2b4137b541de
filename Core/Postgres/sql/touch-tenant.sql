-- Records a change of a tenant's secrets: $1 tenant, $2 directory version, $3 settings to insert if it has none, $4 now. Locks: the row.
-- Index: primary key.
insert into headgate.tenant as t (tenant, version, settings, created_at, updated_at) values ($1, $2, $3, $4, $4)
on conflict (tenant) do update set version = excluded.version, updated_at = excluded.updated_at
