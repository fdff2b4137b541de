-- A page of schedules by prefix and state, locked: $1 tenant, $2 first name (exclusive), $3 prefix, $4 state, $5 limit,
-- $6 reason of the pause (null: any).
-- Locks: the names' and schedules' rows, in order of name. Index: primary key of the names, then of the schedules.
select s.id, s.tenant, s.name, s.shard, s.revision, s.state, s.next_at, s.resume_at, s.timing, s.action, s.pause_reason,
    s.created_at, s.updated_at, s.fired
from headgate.schedule_name n join headgate.schedule s on s.shard = n.shard and s.id = n.id
where n.tenant = $1 and n.name > $2 and n.name >= $3 and starts_with(n.name, $3) and s.kind = ${schedule.named} and s.state = $4 and ($6::text is null or s.pause_reason = $6)
order by n.name limit $5
for update of n, s
