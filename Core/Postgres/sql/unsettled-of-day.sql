-- Whether a day has a trigger that is not settled: $1 the day. A partition with one is kept.
select exists (select 1 from headgate.trigger where day = ($1::timestamptz at time zone 'UTC')::date and state < 2)
