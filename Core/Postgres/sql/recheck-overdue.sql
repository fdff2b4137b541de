-- After a loss of Redis every overdue trigger is due for a look: $1 now.
update headgate.overdue set check_at = $1 where check_at > $1
