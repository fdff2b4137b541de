-- Lets schedules go back to the first occurrence that was cancelled and is to be planned again: per row $1 shard, $2 id,
-- $3 occurrence, $4 revision of what was cancelled. A paused one goes on there when it is resumed. One that goes on under the same
-- revision stays: it may have planned what follows. Where the revision is the cancelled one's it is raised, for a cancelled
-- trigger keeps its id. Returns shard and next_at. Locks: the rows. Index: primary key.
update headgate.schedule s
set next_at = case when s.state <> 1 then least(s.next_at, u.occurrence) end,
    resume_at = case when s.state = 1 or s.resume_at is not null then least(s.resume_at, u.occurrence) end,
    state = case when s.state = 2 then 0 else s.state end,
    revision = s.revision + case when s.revision = u.revision then 1 else 0 end
from unnest($1::smallint[], $2::uuid[], $3::timestamptz[], $4::int[]) as u (shard, id, occurrence, revision)
where s.shard = u.shard and s.id = u.id and (s.state = 1 or s.revision > u.revision)
returning s.shard, s.next_at
