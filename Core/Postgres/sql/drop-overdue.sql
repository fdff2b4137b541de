-- Takes triggers off the overdue list: $1 ids.
delete from headgate.overdue o using unnest($1::uuid[]) as u (id) where o.id = u.id
