-- Creates or replaces a tenant's settings: $1 tenant, $2 directory version, $3 settings, $4 weight, $5 maximum number of schedules, $6 is
-- paused, $7 has a failure call, $8 now. Unchanged settings keep their revision; the revision 0 of an erased tenant becomes 1. Locks: the
-- row. Index: primary key.
insert into headgate.tenant as t (tenant, version, settings, weight, max_schedules, is_paused, has_failure_call, created_at, updated_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $8)
on conflict (tenant) do update
set version = excluded.version, revision = greatest(1, t.revision + (t.settings <> excluded.settings)::int), settings = excluded.settings,
    weight = excluded.weight, max_schedules = excluded.max_schedules, is_paused = excluded.is_paused,
    has_failure_call = excluded.has_failure_call, updated_at = excluded.updated_at
