-- Locks a schedule's overlap row, creating it if missing: $1 schedule, $2 tenant, $3 now. Returns what runs and what waits. Locks: the row.
-- Index: primary key.
insert into headgate.overlap as o (schedule_id, tenant, since) values ($1, $2, $3)
on conflict (schedule_id) do update set tenant = o.tenant
returning running, array_to_string(waiting, ',') as waiting
