-- Those of these shards that were computed with another version of tzdata: $1 shards, $2 version. Index: primary key.
select shard from headgate.shard where shard = any ($1) and zones is distinct from $2 order by shard
