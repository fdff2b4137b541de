-- The tables that hold, or held, a day of triggers: the day, and 0 for an attached partition, 1 for one whose detaching was begun and not
-- finished, 2 for a detached table.
select to_date(right(c.relname, 8), 'YYYYMMDD')::timestamp at time zone 'UTC' as day,
    case when i.inhrelid is null then 2 when i.inhdetachpending then 1 else 0 end as place
from pg_class c left join pg_inherits i on i.inhrelid = c.oid
where c.relnamespace = 'headgate'::regnamespace and c.relkind = 'r' and c.relname ~ '^trigger_[0-9]{8}$'
order by 1
