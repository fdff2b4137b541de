-- Says when executions are to be woken: per execution $1 id, $2 bucket, $3 due, $4 tenant. Locks: the rows, whose executions this transaction
-- has locked. Index: primary key.
insert into headgate.wake as w (execution, bucket, due, tenant)
select u.id, u.bucket, u.due, u.tenant
from unnest($1::uuid[], $2::smallint[], $3::timestamptz[], $4::text[]) as u (id, bucket, due, tenant)
on conflict (execution) do update set due = excluded.due
