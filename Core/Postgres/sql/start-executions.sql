-- Starts executions of one tenant: per execution $1 id, $2 bucket, $3 definition, $4 input, $5 digest, $6 trigger, $7 schedule; $8 tenant, $9 now, $10
-- when it is woken if its hint is lost. Returns the ids that are new. Locks: none that exists. Index: primary key.
with new as (
    insert into headgate.execution (id, tenant, bucket, definition, status, input, digest, origin_kind, origin, schedule_id, root, created_at)
    select u.id, $8, u.bucket, u.definition, ${execution.new}, u.input, u.digest, case when u.trigger is null then 0 else 1 end, u.trigger, u.schedule,
        u.id, $9
    from unnest($1::uuid[], $2::smallint[], $3::uuid[], $4::bytea[], $5::bytea[], $6::uuid[], $7::uuid[])
        as u (id, bucket, definition, input, digest, trigger, schedule)
    -- In one order, so that two calls with the same ids do not wait for each other.
    order by u.id
    on conflict (id) do nothing
    returning id, bucket
), woken as (
    insert into headgate.wake (execution, bucket, due, tenant) select id, bucket, $10, $8 from new
)
select id from new
