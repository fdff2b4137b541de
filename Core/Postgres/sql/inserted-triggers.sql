-- Those of these ids that a pass has inserted: $1 pass, $2 ids, $3 times of the ids. Index: primary key.
select t.id
from unnest($2::uuid[], $3::timestamptz[]) as u (id, time)
join headgate.trigger t on t.day = (u.time at time zone 'UTC')::date and t.id = u.id
where t.pass = $1
