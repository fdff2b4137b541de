-- Writes executions that this transaction has locked: per execution $1 id, $2 status, $3 state, $4 rows of history written, $5 end. Locks:
-- held already. Index: primary key. The update is HOT.
update headgate.execution e
set status = u.status, state = u.state, seq = e.seq + u.rows, ended_at = u.ended_at, failures = 0, quarantine_reason = null
from unnest($1::uuid[], $2::smallint[], $3::bytea[], $4::int[], $5::timestamptz[]) as u (id, status, state, rows, ended_at)
where e.id = u.id
