-- Writes the shard's generation counter, unless it has changed since it was read: then the server has lost something in between, or
-- another monitor was quicker. ARGV: clock, the counter that was read (empty: none), the new one. Returns 1 if it was written.
if (call('HGET', Q.counters, 'g') or '') ~= ARGV[2] then return 0 end
call('HSET', Q.counters, 'g', ARGV[3])
return 1
