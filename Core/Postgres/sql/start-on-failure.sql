-- Starts flows because others have failed, each the current version: per start $1 id, $2 bucket, $3 tenant, $4 flow, $5 input, $6 the execution
-- that failed; $7 now. A flow that is gone starts nothing. Locks: none that exists. Indexes: the primary keys.
with new as (
    insert into headgate.execution (id, tenant, bucket, definition, status, input, digest, origin_kind, root, previous, created_at)
    select u.id, u.tenant, u.bucket, f.definition, ${execution.new}, u.input, ''::bytea, 2, u.previous, u.previous, $7
    from unnest($1::uuid[], $2::smallint[], $3::text[], $4::text[], $5::bytea[], $6::uuid[])
        as u (id, bucket, tenant, flow, input, previous)
    join headgate.flow f on f.tenant = u.tenant and f.name = u.flow
    where f.definition is not null
    on conflict (id) do nothing
    returning id, bucket, tenant
)
insert into headgate.wake (execution, bucket, due, tenant) select id, bucket, $7, tenant from new
