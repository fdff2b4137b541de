-- Executions to be woken: per bucket $1 bucket, $2 after this time, $3 and this execution; $4 before this time, $5 limit of each bucket. One
-- probe of the index a bucket. Locks: none. Index: wake_due.
select w.bucket, w.execution, w.tenant, w.due
from unnest($1::smallint[], $2::timestamptz[], $3::uuid[]) as b (bucket, due, execution)
cross join lateral (
    select w.bucket, w.execution, w.tenant, w.due from headgate.wake w
    where w.bucket = b.bucket and (w.due, w.execution) > (b.due, b.execution) and w.due < $4
    order by w.due, w.execution
    limit $5
) w
