-- How many of these triggers exist: $1 ids, $2 times of the ids. Index: primary key.
select count(*) from unnest($1::uuid[], $2::timestamptz[]) as u (id, time)
join headgate.trigger t on t.day = (u.time at time zone 'UTC')::date and t.id = u.id
