-- Removes settled triggers from the overdue list: $1 ids, $2 the check_at that take-overdue.sql wrote for them. One that was put on the
-- list again since then stays.
delete from headgate.overdue o using unnest($1::uuid[]) as u (id) where o.id = u.id and o.check_at = $2
