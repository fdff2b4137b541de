-- Says that a worker lives for another while, drops those that have been dead for a day, and returns who lives: $1 id, $2 host, $3 lifetime
-- in microseconds. Locks: the worker's row.
with mine as (
    insert into headgate.worker (id, host, alive_until)
    values ($1, $2, clock_timestamp() + $3::bigint * interval '1 microsecond')
    on conflict (id) do update set alive_until = excluded.alive_until
    returning id
), dead as (
    delete from headgate.worker where alive_until < clock_timestamp() - interval '1 day'
)
select id from headgate.worker where alive_until > clock_timestamp() union select id from mine
