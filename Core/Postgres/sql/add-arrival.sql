-- Stores something that came for an execution, unless that has ended or has too many: $1 execution, $2 tenant, $3 kind, $4 payload, $5 now,
-- $6 most arrivals, $7 whether it may have ended. Returns the status, and whether it was stored; no row: there is no such execution. Locks:
-- none, so that it never waits for a transition. Index: the primary keys.
with found as (
    select e.status,
        ($7 or e.status not in (${execution.succeeded}, ${execution.failed}, ${execution.cancelled})) as takes,
        (select count(*) from (select 1 from headgate.arrival a where a.execution = $1 limit $6) as a) < $6 as has_room
    from headgate.execution e where e.id = $1 and e.tenant = $2
), stored as (
    insert into headgate.arrival (execution, tenant, kind, payload, at)
    select $1, $2, $3, $4, $5 from found where takes and has_room
    returning id
)
select status, takes, exists (select 1 from stored) as is_stored from found
