-- How many schedules a tenant has, without hidden ones: $1 tenant. A statement of its own, after the tenant's lock: one that waits for
-- the lock would count as of before. Index: primary key of the names.
select count(*) from headgate.schedule_name n
where n.tenant = $1 and not starts_with(n.name, 'one-off:') and not starts_with(n.name, 'on-failure:')
