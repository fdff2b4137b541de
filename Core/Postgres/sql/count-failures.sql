-- Counts consecutive failures: per row, in the order of schedules, $1 schedule, $2 whether a delivery restarts the count, $3 failures
-- since, $5 all failures; $4 whether these are ends of runs: for schedules that count runs, a delivered start does not reset the count.
-- Returns the schedules that have reached their pause_after. Locks: the rows. Index: primary key.
with counted as (
    update headgate.failure_watch w
    set failures = case when u.is_anew and ($4 or not w.counts_runs) then u.failures else w.failures + u.total end
    from unnest($1::uuid[], $2::boolean[], $3::int[], $5::int[]) as u (schedule_id, is_anew, failures, total)
    where w.schedule_id = u.schedule_id
    returning w.schedule_id, w.shard, w.tenant, w.name, w.failures, w.pause_after
)
select schedule_id, shard, tenant, name, failures from counted where failures >= pause_after order by schedule_id
