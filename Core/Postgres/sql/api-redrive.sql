-- Requeues dead triggers whose action is known: $1 ids, $2 times of the ids, $3 tenant, $4 earliest deadline to give them, $5 when the
-- monitor checks that they were sent. Attempts count from 0 again. Returns what the message of each needs. Locks: the rows, in the order of
-- ids. Index: primary keys.
with known as (
    select t.day, t.id, coalesce(
        (select s.action from headgate.schedule s where s.shard = t.shard and s.id = t.schedule_id and s.revision = t.revision),
        (select p.action from headgate.past_action p where p.schedule_id = t.schedule_id and p.revision = t.revision)) as action
    from unnest($1::uuid[], $2::timestamptz[]) as u (id, time)
    join headgate.trigger t on t.day = (u.time at time zone 'UTC')::date and t.id = u.id
    where t.tenant = $3 and t.state = ${state.dead}
    order by t.id
    for update of t
), again as (
    update headgate.trigger t
    set state = ${state.queued}, redrive = t.redrive + 1, recorded = 0, attempts = 0, deadline = greatest(t.deadline, $4), reason = null,
        cancel_requested = false
    from known k
    where k.action is not null and t.day = k.day and t.id = k.id and t.state = ${state.dead}
    returning t.id, t.tenant, t.name, t.occurrence, t.planned_at, t.deadline, t.redrive, t.attempts, k.action, t.kind,
        t.schedule_id, t.day
), gone as (
    delete from headgate.dead d using again a where d.id = a.id
), late as (
    insert into headgate.overdue (day, id, check_at) select day, id, $5::timestamptz from again
    on conflict (day, id) do update set check_at = excluded.check_at
)
select id, tenant, name, occurrence, planned_at, deadline, redrive, attempts, action, kind, schedule_id from again
