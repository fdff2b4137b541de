-- Makes the partition of a day, if it is missing: $1 the day. Locks: share update exclusive on the parent.
select headgate.add_day(($1::timestamptz at time zone 'UTC')::date)
