-- Schedules whose run has ended, or is gone, while its row still says that it runs: $1 since before, $2 limit. Locks: none. Index:
-- overlap_since, the primary keys.
select o.schedule_id, o.running as execution
from headgate.overlap o left join headgate.execution e on e.id = o.running
where o.since < $1 and o.running is not null
    and (e.id is null or e.status in (${execution.succeeded}, ${execution.failed}, ${execution.cancelled}))
order by o.since
limit $2
