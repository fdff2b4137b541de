-- Inserts one trigger: $1 id, $2 time of the id, $3 shard, $4 kind, $5 state, $6 revision, $7 schedule, $8 occurrence, $9 planned_at,
-- $10 deadline, $11 tenant, $12 name. An existing id is left unchanged.
insert into headgate.trigger (day, id, shard, kind, state, revision, schedule_id, occurrence, planned_at, deadline, tenant, name)
values (($2::timestamptz at time zone 'UTC')::date, $1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
on conflict do nothing
