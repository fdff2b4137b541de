-- Makes a queue. KEYS: queue, names (ZSET), a HASH for the clock, gone (ZSET name, score = ms of its deletion). ARGV: clock, name, token,
-- record, pause ms.
-- Returns 1 and ''; 0 and the record of the queue that exists; or 2 and '' where one of this name was deleted that recently (row 19).
local t = clockOf(KEYS[3], ARGV[1])
local record = call('HGET', KEYS[1], 'record')
if record then return { 0, record } end
call('ZREMRANGEBYSCORE', KEYS[4], '-inf', fmt('%d', t - tonumber(ARGV[5])))
if call('ZSCORE', KEYS[4], ARGV[2]) then return { 2, '' } end
call('ZADD', KEYS[2], 0, ARGV[2])
call('HSET', KEYS[1], 'token', ARGV[3], 'record', ARGV[4])
return { 1, '' }
