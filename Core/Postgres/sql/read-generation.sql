-- The life of Redis that the monitor knows.
select redis_generation from headgate.monitor
