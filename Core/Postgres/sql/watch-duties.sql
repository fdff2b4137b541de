-- When each duty of the monitor was last done, and whether a day's partition exists: $1 the day. The partition's row comes first, with a
-- null name, and a time if it exists.
select null::text as name, case when exists (
    select 1 from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'headgate.trigger'::regclass and not i.inhdetachpending
        and c.relname = 'trigger_' || to_char(($1::timestamptz at time zone 'UTC')::date, 'YYYYMMDD')) then $1::timestamptz end as done_at
union all
select name, done_at from headgate.duty
