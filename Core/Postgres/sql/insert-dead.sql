-- Lists triggers that this transaction recorded as dead: $1 ids, $2 times of the ids, $3 now. A trigger already listed keeps its entry.
-- Locks: none that others wait for. Index: primary key.
insert into headgate.dead (tenant, died_at, id, day)
select t.tenant, $3, t.id, t.day
from unnest($1::uuid[], $2::timestamptz[]) as u (id, time)
join headgate.trigger t on t.day = (u.time at time zone 'UTC')::date and t.id = u.id
where t.state = ${state.dead}
order by t.tenant, t.id
on conflict do nothing
