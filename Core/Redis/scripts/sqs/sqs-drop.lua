-- Deletes a queue and its messages. KEYS: names, a HASH for the clock, gone, then all of the queue's, its record first. ARGV: clock, name,
-- pause ms. Returns 1, or 0 if there is none. Those who wait for it learn it at once.
local t = clockOf(KEYS[2], ARGV[1])
if call('EXISTS', KEYS[4]) == 0 then return 0 end
call('ZREM', KEYS[1], ARGV[2])
call('ZREMRANGEBYSCORE', KEYS[3], '-inf', fmt('%d', t - tonumber(ARGV[3])))
call('ZADD', KEYS[3], fmt('%d', t), ARGV[2])
call('UNLINK', unpack(KEYS, 4))
redis.pcall('PUBLISH', wakeChannel, KEYS[4])
return 1
