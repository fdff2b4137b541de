-- Creates a day's partition if it is missing: $1 the day. Returns whether it was missing. Locks: share update exclusive on the parent.
select headgate.add_day(($1::timestamptz at time zone 'UTC')::date)
