-- Removes executions that have ended and whose time has come: $1 now, $2 limit. One that runs again, or has ended anew, is left; its old
-- entry goes. Returns how many were removed. Locks: the rows, those that are locked are left. Index: ended_pkey, ended_execution, the primary
-- keys.
with due as (
    select forget_at, execution from headgate.ended where forget_at < $1 order by forget_at limit $2
), ready as (
    select e.id from due d join headgate.execution e on e.id = d.execution
    where e.status in (${execution.succeeded}, ${execution.failed}, ${execution.cancelled}) and e.ended_at < d.forget_at
        and not exists (
            select 1 from headgate.ended later where later.execution = d.execution and later.forget_at > d.forget_at
                and later.forget_at >= $1)
), gone as (
    select e.id from ready r join headgate.execution e on e.id = r.id
    -- Looked at again once it is locked: it may have been retried meanwhile.
    where e.status in (${execution.succeeded}, ${execution.failed}, ${execution.cancelled})
    for no key update of e skip locked
), outputs as (
    delete from headgate.output o using gone g where o.execution = g.id
), arrivals as (
    delete from headgate.arrival a using gone g where a.execution = g.id
), wakes as (
    delete from headgate.wake w using gone g where w.execution = g.id
), listed as (
    delete from headgate.ended x using due d where x.forget_at = d.forget_at and x.execution = d.execution
        -- One that is locked now is removed later.
        and (not exists (select 1 from ready r where r.id = d.execution) or exists (select 1 from gone g where g.id = d.execution))
), removed as (
    delete from headgate.execution e using gone g where e.id = g.id returning e.id
)
select count(*) from removed
