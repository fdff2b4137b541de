-- The load histogram of a shard from a second on: $1 shard, $2 second. Index: primary key.
select second, count from headgate.load where shard = $1 and second >= $2
