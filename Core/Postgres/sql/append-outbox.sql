-- Appends to the history on its way out: per row $1 execution, $2 tenant, $3 seq, $4 time, $5 body. One statement writes to either table: two
-- could see different turns, and write to both or to none. Runs after the transaction has its id, so that whoever empties the other table knows
-- of it (protocols.md, 20). Locks: none.
with rows as (
    select u.execution, u.tenant, u.seq, u.at, u.body, t.turn
    from unnest($1::uuid[], $2::text[], $3::bigint[], $4::timestamptz[], $5::bytea[]) as u (execution, tenant, seq, at, body)
    cross join headgate.outbox_turn t
), to_a as (
    insert into headgate.outbox_a (execution, tenant, seq, at, body)
    select execution, tenant, seq, at, body from rows where turn = 0
)
insert into headgate.outbox_b (execution, tenant, seq, at, body)
select execution, tenant, seq, at, body from rows where turn = 1
