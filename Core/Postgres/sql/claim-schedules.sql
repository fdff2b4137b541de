-- Claims due schedules of one shard: $1 shard, $2 floor, $3 horizon, $4 limit. Locks: the rows, skipping locked ones. Index:
-- schedule_next_at of the partition.
select ctid, id, tenant, name, revision, next_at, fired, timing, action, resume_missed, ahead_from, ahead_to,
    kind, resume_at, updated_at
from headgate.schedule
where shard = $1 and next_at >= $2 and next_at < $3
order by next_at
limit $4
for update skip locked
