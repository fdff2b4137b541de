-- What the tenants $1 may have, and whether they are paused. Their rows are locked against a change, so that a schedule is not
-- written as active while its tenant is being paused. Index: primary key.
select tenant, max_schedules, is_paused from headgate.tenant where tenant = any ($1::text[]) order by tenant for share
