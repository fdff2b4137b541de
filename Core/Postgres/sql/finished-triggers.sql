-- The messages among these whose trigger is final, gone, or was redriven since: per row $1 id, $2 time of the id, $3 redrive. Index:
-- primary key.
select u.id
from unnest($1::uuid[], $2::timestamptz[], $3::int[]) as u (id, time, redrive)
left join headgate.trigger t on t.day = (u.time at time zone 'UTC')::date and t.id = u.id
where t.id is null or t.state >= ${state.final} or t.redrive > u.redrive
