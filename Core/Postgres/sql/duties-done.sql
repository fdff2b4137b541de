-- Records when duties of the monitor were done: $1 names, $2 now. Locks: their rows, in order. Index: primary key.
insert into headgate.duty (name, done_at) select name, $2 from unnest($1::text[]) as u (name) order by name
on conflict (name) do update set done_at = greatest(headgate.duty.done_at, excluded.done_at)
