-- Removes all messages, also those in flight and delayed (row 18). ARGV: pause ms. Returns 1, or 0 if the last purge is not that long ago.
-- Deduplication ids stay known.
local last = call('HGET', Q.queue, 'purged')
if last and t - tonumber(last) < tonumber(ARGV[5]) then return { 0 } end
call('HSET', Q.queue, 'purged', fmt('%d', t))
call('UNLINK', Q.groups, Q.visible, Q.inFlight, Q.delayed, Q.ages, Q.bodies, Q.receives, Q.origins, Q.busy, Q.attempts, Q.attemptEnds)
return { 1 }
