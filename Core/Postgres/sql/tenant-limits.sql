-- The schedule limits of the tenants $1, and whether they are paused. Locks: their rows for share, so that no schedule is written as active
-- while its tenant is being paused. Index: primary key.
select tenant, max_schedules, is_paused from headgate.tenant where tenant = any ($1::text[]) order by tenant for share
