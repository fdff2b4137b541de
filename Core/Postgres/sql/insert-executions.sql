-- Starts executions that triggers asked for, of any tenants: per execution $1 id, $2 tenant, $3 bucket, $4 definition, $5 status, $6 input, $7
-- digest, $8 schedule, $9 whether it runs now; $10 now, $11 when those are woken whose hints are lost; per execution $12 the number of its
-- next event. Their ids are not taken. Locks: none
-- that exists. Index: primary key.
with new as (
    insert into headgate.execution (id, tenant, bucket, definition, status, input, digest, origin_kind, origin, schedule_id, root, created_at, seq)
    select u.id, u.tenant, u.bucket, u.definition, u.status, u.input, u.digest, 1, u.id, u.schedule, u.id, $10, u.seq
    from unnest($1::uuid[], $2::text[], $3::smallint[], $4::uuid[], $5::smallint[], $6::bytea[], $7::bytea[], $8::uuid[],
        $12::bigint[]) as u (id, tenant, bucket, definition, status, input, digest, schedule, seq)
    order by u.id
    on conflict (id) do nothing
    returning id, bucket, tenant
)
insert into headgate.wake (execution, bucket, due, tenant)
select n.id, n.bucket, $11, n.tenant from new n join unnest($1::uuid[], $9::boolean[]) as u (id, runs) on u.id = n.id where u.runs
