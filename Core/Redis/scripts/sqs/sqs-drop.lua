-- Deletes a queue and its messages. KEYS: names, deleted, then all of the queue's, its record first. ARGV: clock, name, pause ms.
-- Returns 1, or 0 if there is none. Those who wait for it learn it at once.
local t = clockOf(KEYS[2], ARGV[1])
if call('EXISTS', KEYS[3]) == 0 then return 0 end
call('ZREM', KEYS[1], ARGV[2])
call('HSET', KEYS[2], 'n:' .. ARGV[2], fmt('%d', t))
call('UNLINK', unpack(KEYS, 3))
call('PUBLISH', wakeChannel, KEYS[3])
return 1
