-- Dead triggers, oldest first, with what a message of each needs: $1 tenant (null: all), $2 and $3 time of death and id that the page comes
-- after, $4 limit. The action is null if nobody knows it any more. Index: primary key, or dead_died_at for all tenants; then the primary
-- keys.
with page as (
    select d.day, d.id, d.died_at from headgate.dead d
    where ($1::text is null or d.tenant = $1) and (d.died_at, d.id) > ($2::timestamptz, $3::uuid)
    order by d.died_at, d.id limit $4
)
select t.id, t.tenant, t.name, t.occurrence, t.planned_at, t.deadline, t.redrive, t.attempts,
    coalesce(
        (select s.action from headgate.schedule s where s.shard = t.shard and s.id = t.schedule_id and s.revision = t.revision),
        (select p.action from headgate.past_action p where p.schedule_id = t.schedule_id and p.revision = t.revision)) as action,
    t.kind, t.schedule_id, page.died_at, t.reason
from page join headgate.trigger t on t.day = page.day and t.id = page.id
where t.state = ${state.dead}
order by page.died_at, page.id
