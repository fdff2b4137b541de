-- A page of arrivals that are not applied, the oldest first: $1 before this time, $2 and $3 after this time and id, $4 limit. Locks: none.
-- Indexes: arrival_at, the executions' primary key.
select a.id, a.execution, a.tenant, a.at, exists (select 1 from headgate.execution e where e.id = a.execution) as is_known
from headgate.arrival a
where a.at < $1 and (a.at, a.id) > ($2, $3)
order by a.at, a.id
limit $4
