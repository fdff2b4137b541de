-- Adds to the load histogram: $1 shard, $2 seconds, $3 counts. Locks: the seconds' rows, in order.
insert into headgate.load (shard, second, count)
select $1, second, count from unnest($2::bigint[], $3::int[]) as u (second, count) order by second
on conflict (shard, second) do update set count = headgate.load.count + excluded.count
