-- When each duty of the monitor was last done, and whether the partition of a day is there: $1 the day. The first row is the
-- partition's, with a null name and a time where it exists.
select null::text, case when exists (
    select 1 from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'headgate.trigger'::regclass and not i.inhdetachpending
        and c.relname = 'trigger_' || to_char(($1::timestamptz at time zone 'UTC')::date, 'YYYYMMDD')) then $1::timestamptz end
union all
select name, done_at from headgate.duty
