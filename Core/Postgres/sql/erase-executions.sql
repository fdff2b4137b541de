-- Removes a page of a tenant's executions with all that belongs to them: $1 tenant, $2 limit. Returns how many. Locks: the rows; waits for
-- transitions under way. Index: execution_tenant, the primary keys.
with page as (
    select id from headgate.execution where tenant = $1 order by id limit $2 for update
), outputs as (
    delete from headgate.output o using page p where o.execution = p.id
), arrivals as (
    delete from headgate.arrival a using page p where a.execution = p.id
), wakes as (
    delete from headgate.wake w using page p where w.execution = p.id
), listed as (
    delete from headgate.ended x using page p where x.execution = p.id
), removed as (
    delete from headgate.execution e using page p where e.id = p.id returning e.id
)
select count(*) from removed
