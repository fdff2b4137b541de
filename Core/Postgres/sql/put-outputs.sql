-- Stores the full outputs of steps. The parameters are arrays with one element for each output: $1 execution, $2 step, $3 attempt, $4 tenant,
-- $5 JSON. An attempt succeeds only once, so that a row that exists is left as it is.
-- Index: primary key.
insert into headgate.output (execution, step, attempt, tenant, body)
select u.execution, u.step, u.attempt, u.tenant, u.body
from unnest($1::uuid[], $2::smallint[], $3::int[], $4::text[], $5::bytea[]) as u (execution, step, attempt, tenant, body)
on conflict do nothing
