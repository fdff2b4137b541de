-- The days that have a partition of the triggers.
select to_date(right(c.relname, 8), 'YYYYMMDD')::timestamp at time zone 'UTC'
from pg_inherits i join pg_class c on c.oid = i.inhrelid
where i.inhparent = 'headgate.trigger'::regclass and not i.inhdetachpending
order by 1
