-- A page of a tenant's executions, newest first: $1 tenant, $2 ids less than this, $3 status or null, $4 limit. Index: execution_tenant; looks
-- at 10,000 of them at most, however few have that status.
select id, tenant, definition, status, state, input, origin, created_at, ended_at, quarantine_reason
from (select * from headgate.execution where tenant = $1 and id < $2 order by id desc limit 10000) newest
where $3::smallint is null or status = $3
order by id desc
limit $4
