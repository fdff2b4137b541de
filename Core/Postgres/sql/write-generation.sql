-- Raises the recorded generation counter: $1 counter, $2 run id of the server. It never goes down: another monitor may be late. Locks: the
-- row.
update headgate.monitor set redis_counter = greatest(redis_counter, $1), redis_run = $2
