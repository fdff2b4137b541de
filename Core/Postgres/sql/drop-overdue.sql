-- Takes triggers off the overdue list that were taken for a check and are settled: $1 ids, $2 the next check that taking them
-- wrote. One that was put on the list again meanwhile stays.
delete from headgate.overdue o using unnest($1::uuid[]) as u (id) where o.id = u.id and o.check_at = $2
