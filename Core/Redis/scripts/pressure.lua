-- How full the shard is. ARGV: clock, whether to look at tenants (1). Returns how many messages are ready, delayed or in flight, how many of
-- them wait for a worker now, the memory that Redis uses and may use (0: unlimited), then, for each sampled tenant with at least a twentieth of
-- all messages or of the sample's bytes: tenant, its messages, its share of the sample's bytes in thousandths. The sample has about 400
-- messages: a tenant with a twentieth of all messages is missed about once in a billion runs, however many tenants there are.
local info = call('INFO', 'memory')
local sets = { Q.ready, Q.delayed, Q.heavy, Q.inFlight }
local total, out = 0, {}
for _, z in ipairs(sets) do total = total + call('ZCARD', z) end
local t = clock(ARGV[1])
out[1] = total
out[2] = call('ZCARD', Q.ready) + call('ZCOUNT', Q.delayed, '-inf', t) + call('ZCOUNT', Q.heavy, '-inf', t)
out[3], out[4] = tonumber(match(info, 'used_memory:(%d+)')), tonumber(match(info, 'maxmemory:(%d+)'))
if ARGV[2] ~= '1' or total == 0 then return out end
local ids = {}
for _, z in ipairs(sets) do
    for _, id in ipairs(call('ZRANDMEMBER', z, math.ceil(400 * call('ZCARD', z) / total))) do ids[#ids + 1] = id end
end
local bytes, order, sum = {}, {}, 0
for j, raw in ipairs(read('HMGET', Q.items, ids)) do
    if raw then
        local x, n = parse(raw).tenant, call('HSTRLEN', Q.bodies, ids[j]) + 200
        if not bytes[x] then order[#order + 1] = x; bytes[x] = 0 end
        bytes[x] = bytes[x] + n
        sum = sum + n
    end
end
for j, n in ipairs(read('HMGET', Q.tenants, order)) do
    local x, count = order[j], tonumber(n or '0')
    if count * 20 >= total or bytes[x] * 20 >= sum then
        out[#out + 1] = x; out[#out + 1] = count; out[#out + 1] = floor(1000 * bytes[x] / sum)
    end
end
return out
