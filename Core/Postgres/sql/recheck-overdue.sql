-- Makes every overdue trigger due for a check, after a loss of Redis: $1 now.
update headgate.overdue set check_at = $1 where check_at > $1
