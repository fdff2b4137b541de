-- Raises the counter that Redis should have: $1 counter, $2 the server's life. Never back: of two monitors one may be late.
-- Locks: the row.
update headgate.monitor set redis_counter = greatest(redis_counter, $1), redis_run = $2
