-- Which of these shards were computed with other time zones than these: $1 shards, $2 version. Index: primary key.
select shard from headgate.shard where shard = any ($1) and zones is distinct from $2 order by shard
