-- Notes a change: $1 now, $2 tenant, $3 subject, $4 action, $5 object, $6 reason.
insert into headgate.audit (at, tenant, subject, action, object, reason) values ($1, $2, $3, $4, $5, $6)
