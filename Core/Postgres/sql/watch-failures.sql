-- Watches schedules for consecutive failures; those already watched keep their count: per row $1 schedule, $2 shard, $3 tenant, $4 name,
-- $5 pause after (null: never), $6 has a call of its own, $7 counts runs of flows. Index: primary key.
insert into headgate.failure_watch (schedule_id, shard, tenant, name, pause_after, has_call, counts_runs)
select * from unnest($1::uuid[], $2::smallint[], $3::text[], $4::text[], $5::int[], $6::boolean[], $7::boolean[]) order by 1
on conflict (schedule_id) do update set pause_after = excluded.pause_after, has_call = excluded.has_call,
    counts_runs = excluded.counts_runs
