-- Counts consecutive failures: per row, in the order of schedules, $1 schedule, $2 whether a delivery restarts the count, $3 failures
-- since; $4 whether these are runs of flows: where they count, a delivered start restarts nothing. Returns the schedules that have reached their pause_after. Locks: the rows. Index: primary key.
with counted as (
    update headgate.failure_watch w
    set failures = case when u.is_anew and ($4 or not w.counts_runs) then 0 else w.failures end + u.failures
    from unnest($1::uuid[], $2::boolean[], $3::int[]) as u (schedule_id, is_anew, failures)
    where w.schedule_id = u.schedule_id
    returning w.schedule_id, w.shard, w.tenant, w.name, w.failures, w.pause_after
)
select schedule_id, shard, tenant, name, failures from counted where failures >= pause_after order by schedule_id
