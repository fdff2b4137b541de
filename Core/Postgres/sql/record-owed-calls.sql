-- Records the failure calls owed for expired triggers whose schedule or tenant has one: $1 shard, then per trigger: $2 id, $3 schedule,
-- $4 tenant, $5 name, $6 kind, $7 occurrence, $8 count, $9 last occurrence, $10 reason. Locks: none. Indexes: primary keys of failure_watch
-- and tenant.
insert into headgate.owed_call (shard, trigger_id, schedule_id, tenant, name, kind, occurrence, count, last_occurrence, reason)
select $1, u.id, u.schedule, u.tenant, u.name, u.kind, u.occurrence, u.count, u.last, u.reason
from unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::smallint[], $7::timestamptz[], $8::integer[], $9::timestamptz[],
    $10::text[]) as u (id, schedule, tenant, name, kind, occurrence, count, last, reason)
where exists (select 1 from headgate.failure_watch w where w.schedule_id = u.schedule and w.has_call)
    or exists (select 1 from headgate.tenant t where t.tenant = u.tenant and t.has_failure_call)
on conflict do nothing
