-- What the tenants $1 may have, and whether they are paused: those with a limit, or paused. A row with a limit is locked, so that
-- two writers together cannot pass it. Index: primary key.
select tenant, max_schedules, is_paused,
    case when max_schedules is null then 0 else
        (select count(*) from headgate.schedule_name n where n.tenant = t.tenant and not starts_with(n.name, 'one-off:')
            and not starts_with(n.name, 'on-failure:'))
    end
from headgate.tenant t
where tenant = any ($1::text[]) and (max_schedules is not null or is_paused)
order by tenant
for update
