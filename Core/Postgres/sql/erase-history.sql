-- Deletes one page of a tenant's history: $1 tenant, $2 maximum number of executions from each of the two tables, open and ended. Returns
-- the number of executions in the page. Locks: the rows. Indexes: open_execution_tenant, ended_execution_tenant, the primary keys.
with page as (
    select execution, min(first_day) as first_day, max(last_day) as last_day from (
        (select execution, first_day, last_day from headgate_history.open_execution where tenant = $1 limit $2)
        union all
        (select execution, first_day, last_day from headgate_history.ended_execution where tenant = $1 limit $2)
    ) s group by execution
), events as (
    delete from headgate_history.event e using page p
    where e.day >= p.first_day and e.day <= p.last_day and e.execution = p.execution
), open as (
    delete from headgate_history.open_execution o using page p where o.execution = p.execution
), ended as (
    delete from headgate_history.ended_execution o using page p where o.execution = p.execution
)
select count(*) from page
