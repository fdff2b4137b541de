-- Reports ends of runs of schedules that are watched for failures, each run's first: per run $1 execution, $2 schedule, $3 tenant, $4 state
-- that it counts as, $5 reason; $6 now. Locks: none. Indexes: primary keys of failure_watch and tenant, ended_execution.
insert into headgate.run_end (execution, ended_at, schedule_id, tenant, state, reason)
select u.execution, $6, u.schedule, u.tenant, u.state, u.reason
from unnest($1::uuid[], $2::uuid[], $3::text[], $4::smallint[], $5::text[]) as u (execution, schedule, tenant, state, reason)
where (
        exists (select 1 from headgate.failure_watch w where w.schedule_id = u.schedule)
        or u.state <> ${state.delivered} and exists (select 1 from headgate.tenant t where t.tenant = u.tenant and t.has_failure_call)
    )
    -- This transaction has listed this end already; an earlier one was that of a run that was retried.
    and (select count(*) from (select 1 from headgate.ended x where x.execution = u.execution limit 2) x) < 2
on conflict do nothing
