-- Deletes kept actions that are due for a check and that no open or dead trigger refers to, and sets the next check of the others. $1 now,
-- $2 time of that check, $3 limit. Locks: the rows, skipping locked ones. Indexes: past_action_check_at, trigger_schedule of each partition.
with due as (
    select schedule_id, revision from headgate.past_action where check_at <= $1 order by check_at limit $3
    for update skip locked
), used as (
    select d.schedule_id, d.revision,
        (select true from headgate.trigger t
         where t.schedule_id = d.schedule_id and t.revision = d.revision and t.state in (${state.planned}, ${state.queued}, ${state.dead}) limit 1) is not null as is_used
    from due d
), later as (
    update headgate.past_action p set check_at = $2 from used u
    where u.is_used and p.schedule_id = u.schedule_id and p.revision = u.revision
)
delete from headgate.past_action p using used u
where not u.is_used and p.schedule_id = u.schedule_id and p.revision = u.revision
