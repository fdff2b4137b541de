-- ARGV: clock, limit (at most 1,000), first delay ms, ms between two (may be a fraction). Returns how many it moved.
local t, limit, first, gap = clock(ARGV[1]), math.min(tonumber(ARGV[2]), 1000), tonumber(ARGV[3]), tonumber(ARGV[4])
local ids = call('ZRANGE', Q.x, 0, limit - 1)
local items = read('HMGET', Q.i, ids)
local I, D, now, nowVs, all = {}, {}, {}, {}, {}
for j, id in ipairs(ids) do
    if items[j] then
        local v = parse(items[j])
        local delay = floor(first + gap * (j - 1))
        all[#all + 1] = v
        I[#I + 1] = id; I[#I + 1] = item(v, 0, v.at, '0')
        if delay > 0 then D[#D + 1] = fmt('%d', t + delay); D[#D + 1] = id else now[#now + 1] = id; nowVs[#now] = v end
    end
end
each(ids, 1, function(...) call('ZREM', Q.x, ...); call('HDEL', Q.y, ...) end)
each(I, 2, function(...) call('HSET', Q.i, ...) end)
each(D, 2, function(...) call('ZADD', Q.d, ...) end)
if #D > 0 then wake(Q) end
ready(Q, now, nowVs)
count(Q, all, 1)
return #ids
