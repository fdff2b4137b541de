-- Inserts planned triggers for past occurrences of one schedule that were neither delivered nor are under way: $1 shard, $2 kind,
-- $3 revision, $4 schedule, $5 tenant, $6 name, $7 planned_at, $8 deadline, then per row: $9 id, $10 time of the id, $11 occurrence.
-- Returns the ids it inserted. Indexes: trigger_schedule, primary key.
insert into headgate.trigger (day, id, shard, kind, state, revision, schedule_id, occurrence, planned_at, deadline, tenant, name)
select (u.time at time zone 'UTC')::date, u.id, $1, $2, 0, $3, $4, u.occurrence, $7, $8, $5, $6
from unnest($9::uuid[], $10::timestamptz[], $11::timestamptz[]) as u (id, time, occurrence)
where not exists (
    select 1 from headgate.trigger t
    where t.schedule_id = $4 and t.occurrence = u.occurrence and t.state in (${state.planned}, ${state.queued}, ${state.delivered}) and t.count = 1)
order by u.occurrence
on conflict do nothing
returning id
