-- Appends to the audit log: $1 now, $2 subject, $3 action, then per row: $4 tenant, $5 object, $6 reason.
insert into headgate.audit (at, tenant, subject, action, object, reason)
select $1, tenant, $2, $3, object, reason from unnest($4::text[], $5::text[], $6::text[]) as u (tenant, object, reason)
