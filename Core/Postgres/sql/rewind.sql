-- Lets schedules go back to the first occurrence that was cancelled before it was called and is to be planned again: per row $1 shard,
-- $2 id, $3 first occurrence cancelled, $4 revision of what was cancelled, $5 how many; $6 when the monitor looks whether a kept action
-- is still needed. A paused schedule goes on there when it is resumed. One that goes on under the same revision stays: it may have
-- planned what follows. Where the revision is the cancelled one's it is raised, for a cancelled trigger keeps its id, and what was
-- cancelled no longer counts as fired; its action is kept for what else refers to the old revision.
-- A younger revision that has not come to that occurrence yet will plan it. One that began later goes back, and remembers what it has
-- planned since it began, as one does that catches up (ahead_from, ahead_to): otherwise that would count once more among what was
-- missed. One that has passed the occurrence and was refused it, because it was not decided yet (insert-triggers.sql), goes back too:
-- what it has planned since keeps its ids, and is not inserted again.
-- Returns shard and next_at. Locks: the rows. Index: primary key, trigger_schedule.
with u as (
    select * from unnest($1::smallint[], $2::uuid[], $3::timestamptz[], $4::int[], $5::int[])
        as u (shard, id, first, revision, count)
), kept as (
    insert into headgate.past_action (schedule_id, revision, tenant, action, check_at)
    select s.id, s.revision, s.tenant, s.action, $6
    from u join headgate.schedule s on s.shard = u.shard and s.id = u.id
    where s.state = 1 and s.revision = u.revision
    on conflict (schedule_id, revision) do nothing
)
update headgate.schedule s
set next_at = case when s.state <> 1 then least(s.next_at, u.first) end,
    resume_at = case when s.state = 1 or s.resume_at is not null then least(s.resume_at, u.first) end,
    ahead_from = case when s.revision = u.revision or u.first >= s.began_at then null
        when s.ahead_from is not null then s.ahead_from
        when coalesce(s.resume_at, s.next_at, 'infinity') > s.began_at then s.began_at end,
    ahead_to = case when s.revision = u.revision or u.first >= s.began_at then null
        when s.ahead_from is not null then s.ahead_to
        when coalesce(s.resume_at, s.next_at, 'infinity') > s.began_at then coalesce(s.resume_at, s.next_at, 'infinity') end,
    state = case when s.state = 2 then 0 else s.state end,
    fired = case when s.revision = u.revision then greatest(0, s.fired - u.count)
        when u.first >= s.began_at then greatest(0, s.fired - u.count - coalesce((
            select sum(t.count) from headgate.trigger t
            where t.schedule_id = s.id and t.occurrence >= u.first and t.kind = 0 and t.revision = s.revision), 0))::int
        else s.fired end,
    began_at = case when s.revision = u.revision then least(s.resume_at, u.first) else least(s.began_at, u.first) end,
    revision = s.revision + case when s.revision = u.revision then 1 else 0 end
from u
where s.shard = u.shard and s.id = u.id
    and (s.state = 1 and s.revision = u.revision
        or s.revision > u.revision and (
            u.first < coalesce(s.began_at, 'infinity')
            or coalesce(s.resume_at, s.next_at, 'infinity') > u.first and (
                select true from headgate.trigger t
                where t.schedule_id = s.id and t.occurrence = u.first and t.kind = 0 and t.revision = s.revision limit 1) is null))
returning s.shard, s.next_at
