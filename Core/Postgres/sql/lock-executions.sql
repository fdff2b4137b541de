-- Locks executions for a transition: $1 ids. Skips those that others have locked; says of each id whether it exists. Locks: the rows, in the
-- order of ids. Index: primary key.
select e.id, e.tenant, e.definition, e.status, e.state, e.input, e.origin, e.created_at, e.ended_at, e.quarantine_reason, e.seq, e.schedule_id,
    e.origin_kind, e.digest, clock_timestamp() as now
from headgate.execution e
where e.id = any ($1::uuid[])
order by e.id
for no key update skip locked
