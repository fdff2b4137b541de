-- Moves schedules back to the first occurrence that was cancelled before it was called and is to be planned again (decision 0006): per
-- row $1 shard, $2 id, $3 that occurrence, $4 revision of what was cancelled, $5 how many were; $6 when the monitor first checks whether a
-- kept action is still needed. A paused schedule resumes there.
-- - Same revision, paused: moves. The revision is raised, because a cancelled trigger keeps its id and ids are derived from the revision;
--   what was cancelled no longer counts as fired; the action is kept for other triggers of the old revision.
-- - Same revision, not paused: stays; it may have planned what follows.
-- - Newer revision that has not reached the occurrence: stays; it will plan it.
-- - Newer revision that began later: moves, and remembers what it has planned since it began (ahead_from, ahead_to), as when catching
--   up; otherwise that would count among the missed occurrences again.
-- - Newer revision that has passed the occurrence but was refused it, because the cancel was undecided (insert-triggers.sql): moves;
--   what it has planned since keeps its ids and is not inserted again.
-- Returns shard and next_at. Locks: the rows. Index: primary key, trigger_schedule.
with u as (
    select * from unnest($1::smallint[], $2::uuid[], $3::timestamptz[], $4::int[], $5::int[])
        as u (shard, id, first, revision, count)
), kept as (
    insert into headgate.past_action (schedule_id, revision, tenant, action, check_at)
    select s.id, s.revision, s.tenant, s.action, $6
    from u join headgate.schedule s on s.shard = u.shard and s.id = u.id
    where s.state = ${schedule.paused} and s.revision = u.revision
    on conflict (schedule_id, revision) do nothing
)
update headgate.schedule s
set next_at = case when s.state <> ${schedule.paused} then least(s.next_at, u.first) end,
    resume_at = case when s.state = ${schedule.paused} or s.resume_at is not null then least(s.resume_at, u.first) end,
    ahead_from = case when s.revision = u.revision or u.first >= s.began_at then null
        when s.ahead_from is not null then s.ahead_from
        when coalesce(s.resume_at, s.next_at, 'infinity') > s.began_at then s.began_at end,
    ahead_to = case when s.revision = u.revision or u.first >= s.began_at then null
        when s.ahead_from is not null then s.ahead_to
        when coalesce(s.resume_at, s.next_at, 'infinity') > s.began_at then coalesce(s.resume_at, s.next_at, 'infinity') end,
    state = case when s.state = ${schedule.finished} then ${schedule.active} else s.state end,
    fired = case when s.revision = u.revision then greatest(0, s.fired - u.count)
        when u.first >= s.began_at then greatest(0, s.fired - u.count - coalesce((
            select sum(t.count) from headgate.trigger t
            where t.schedule_id = s.id and t.occurrence >= u.first and t.kind = ${kind.scheduled} and t.revision = s.revision), 0))::int
        else s.fired end,
    began_at = case when s.revision = u.revision then least(s.resume_at, u.first) else least(s.began_at, u.first) end,
    revision = s.revision + case when s.revision = u.revision then 1 else 0 end
from u
where s.shard = u.shard and s.id = u.id
    and (s.state = ${schedule.paused} and s.revision = u.revision
        or s.revision > u.revision and (
            u.first < coalesce(s.began_at, 'infinity')
            or coalesce(s.resume_at, s.next_at, 'infinity') > u.first and (
                select true from headgate.trigger t
                where t.schedule_id = s.id and t.occurrence = u.first and t.kind = ${kind.scheduled} and t.revision = s.revision limit 1) is null))
returning s.shard, s.next_at
