-- Appends to the history on its way out: per row $1 execution, $2 tenant, $3 seq, $4 time, $5 body; ${outbox} is the table, $6 its turn. Runs
-- after the transaction has its id, so that whoever empties the other table knows of it (protocols.md, 20). Locks: none.
insert into headgate.${outbox} (execution, tenant, seq, at, body)
select u.execution, u.tenant, u.seq, u.at, u.body
from unnest($1::uuid[], $2::text[], $3::bigint[], $4::timestamptz[], $5::bytea[]) as u (execution, tenant, seq, at, body)
where (select turn from headgate.outbox_turn) = $6
