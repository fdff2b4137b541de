-- Reserves times for rate-limited calls. KEYS, of one tenant: next (HASH bucket -> earliest time of its next call, ms), times (ZSET id ->
-- the call's reserved time, ms). ARGV: clock, horizon ms, then per request: id, longest acceptable wait in ms, number of buckets, and for
-- each its name and the ms between two calls. Returns per request the ms to wait; 0: now. Nothing is reserved if the wait would exceed the
-- horizon or the longest acceptable one: the place is left to others. Each bucket advances from its own time, so that a slow one does not
-- hold up calls that share another bucket with it.
local call, fmt = redis.call, string.format
local t = tonumber(ARGV[1])
if t == 0 then
    local now = call('TIME')
    t = now[1] * 1000 + math.floor(now[2] / 1000)
end
local horizon, j, waits = tonumber(ARGV[2]), 3, {}
while j <= #ARGV do
    local id, longest, n = ARGV[j], tonumber(ARGV[j + 1]), tonumber(ARGV[j + 2])
    local own = call('ZSCORE', KEYS[2], id)
    -- Nothing is reserved beyond the horizon; a time further ahead means that the clock has stepped back.
    if own and tonumber(own) - t > horizon then call('ZREM', KEYS[2], id); own = false end
    local wait
    if own then
        wait = math.ceil(tonumber(own) - t)
        if wait <= 0 then call('ZREM', KEYS[2], id) end
    else
        local at, nexts = t, {}
        for b = 0, n - 1 do
            nexts[b] = math.max(t, tonumber(call('HGET', KEYS[1], ARGV[j + 3 + 2 * b]) or '0'))
            if nexts[b] - t > horizon + tonumber(ARGV[j + 4 + 2 * b]) then nexts[b] = t end
            at = math.max(at, nexts[b])
        end
        wait = math.ceil(at - t)
        if wait <= horizon and wait <= longest then
            for b = 0, n - 1 do
                call('HSET', KEYS[1], ARGV[j + 3 + 2 * b], fmt('%.3f', nexts[b] + tonumber(ARGV[j + 4 + 2 * b])))
            end
            if wait > 0 then call('ZADD', KEYS[2], fmt('%.3f', at), id) end
        end
    end
    waits[#waits + 1] = math.max(0, wait)
    j = j + 3 + 2 * n
end
-- Drop times of calls that never came back: cancelled or expired.
call('ZREMRANGEBYSCORE', KEYS[2], '-inf', t - 600000)
for k = 1, 2 do call('PEXPIRE', KEYS[k], horizon + 1200000) end
return waits
