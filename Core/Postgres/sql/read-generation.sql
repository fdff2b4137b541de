-- The generation counter that Redis should hold, and the run id of the server it was written on.
select redis_counter, redis_run from headgate.monitor
