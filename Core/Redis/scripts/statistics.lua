-- Counts of the shard. ARGV: clock, whether to count the messages of all tenants (1) or of those that follow (0), then these. Returns
-- ready, delayed, in flight, dead, settled, age in ms of the oldest of the first 100 ready (-1: none), then tenant, count, … (of all tenants
-- up to 10,000; beyond that of none).
local t = clock(ARGV[1])
local head, oldest = call('ZRANGE', Q.ready, 0, 99), -1
if #head > 0 then
    for _, raw in ipairs(call('HMGET', Q.items, unpack(head))) do
        if raw then oldest = math.max(oldest, t - tonumber(match(parse(raw).rest, '^|%d+|[^|]+|(%d+)|'))) end
    end
end
local out = { call('ZCARD', Q.ready), call('ZCARD', Q.delayed) + call('ZCARD', Q.heavy), call('ZCARD', Q.inFlight), call('ZCARD', Q.dead),
    tonumber(call('HGET', Q.counters, 'settled') or '0'), oldest }
if ARGV[2] == '0' then
    for j = 3, #ARGV do
        local n = call('HGET', Q.tenants, ARGV[j])
        if n then out[#out + 1] = ARGV[j]; out[#out + 1] = n end
    end
elseif call('HLEN', Q.tenants) <= 10000 then
    for _, x in ipairs(call('HGETALL', Q.tenants)) do out[#out + 1] = x end
end
return out
