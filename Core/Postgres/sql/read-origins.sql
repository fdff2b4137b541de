-- The schedules of triggers that start flows: $1 trigger ids, $2 times of the ids. Locks: none. Index: the primary keys.
select t.id as trigger, t.schedule_id, s.timing
from unnest($1::uuid[], $2::timestamptz[]) as u (id, time)
join headgate.trigger t on t.day = (u.time at time zone 'UTC')::date and t.id = u.id
left join headgate.schedule s on s.shard = t.shard and s.id = t.schedule_id
