-- A page of the outbox: rows of transactions $1 <= xid < $2, after the address $3, $4 rows looked at. ${outbox} is the table. The transactions
-- have all ended, so that a row that is not seen now was never committed. Locks: none. No index: it reads on from the address.
select ctid::text as place, execution, tenant, seq, at, body, xid >= $1::text::xid8 and xid < $2::text::xid8 as is_wanted
from headgate.${outbox}
where ctid > $3::text::tid
limit $4
