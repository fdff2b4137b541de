-- What came for executions and is not applied yet, and when they are to be woken: $1 ids, $2 arrivals of each at most. Runs after the locks
-- are held, so that it sees no arrival that an earlier transition has applied. An execution without arrivals has one row. Index: the primary
-- keys.
select i.id as execution, w.due, a.id as arrival, a.kind, a.payload, e.id is not null as is_known
from unnest($1::uuid[]) as i (id)
left join headgate.execution e on e.id = i.id
left join headgate.wake w on w.execution = i.id
left join lateral (
    select a.id, a.kind, a.payload from headgate.arrival a where a.execution = i.id order by a.id limit $2
) a on true
