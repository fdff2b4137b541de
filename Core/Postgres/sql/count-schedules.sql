-- How many schedules a tenant has, without hidden ones: $1 tenant. Run as a statement of its own after taking the tenant's count lock: a
-- statement that waited for the lock itself would count with a snapshot from before the wait. Index: primary key of the names.
select count(*) from headgate.schedule_name n
where n.tenant = $1 and not starts_with(n.name, 'one-off:') and not starts_with(n.name, 'on-failure:')
