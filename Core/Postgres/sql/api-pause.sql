-- Pauses a schedule that the transaction has locked: $1 shard, $2 id, $3 reason, $4 now.
update headgate.schedule set state = 1, resume_at = coalesce(resume_at, next_at), next_at = null, pause_reason = $3, updated_at = $4,
    resume_missed = null, ahead_from = null, ahead_to = null
where shard = $1 and id = $2 and state <> 2
