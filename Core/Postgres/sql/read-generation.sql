-- The counter that Redis should have, and the server's life in which it was written.
select redis_counter, redis_run from headgate.monitor
