-- The messages among these that are not to be called, by their place from 1: per row $1 id, $2 time of the id, $3 redrive. The trigger is
-- final, gone, was redriven since, or its cancel was requested; the last is to be settled. Index: primary key.
select u.place, t.id is not null and t.state < ${state.final} and t.redrive <= u.redrive as is_to_settle
from unnest($1::uuid[], $2::timestamptz[], $3::int[]) with ordinality as u (id, time, redrive, place)
left join headgate.trigger t on t.day = (u.time at time zone 'UTC')::date and t.id = u.id
where t.id is null or t.state >= ${state.final} or t.redrive > u.redrive or t.cancel_requested
