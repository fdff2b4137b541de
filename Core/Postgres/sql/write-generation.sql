-- Notes the life of Redis: $1 generation.
update headgate.monitor set redis_generation = $1
