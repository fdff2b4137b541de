-- Pauses schedules that the transaction has locked: $1 reason, $2 now, then per row: $3 shard, $4 id. Finished ones stay finished. A pause
-- without a reason keeps that of an earlier pause, unless it was the tenant's. Index: primary key.
update headgate.schedule s
set state = ${schedule.paused}, resume_at = coalesce(s.resume_at, s.next_at), next_at = null, updated_at = $2,
    pause_reason = case when s.state = ${schedule.paused} and $1 = '' and s.pause_reason <> ${reason.tenantPaused} then s.pause_reason else $1 end,
    resume_missed = null, ahead_from = null, ahead_to = null
from unnest($3::smallint[], $4::uuid[]) as u (shard, id)
where s.shard = u.shard and s.id = u.id and s.state <> ${schedule.finished}
