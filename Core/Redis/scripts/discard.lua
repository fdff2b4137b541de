-- Removes messages even if leased, because the database knows that they are over (protocols.md, 7a). Their ids stay known for the usual
-- time. ARGV: clock, ids. Returns per id 1 removed, 0 not there.
local t, ids = clock(ARGV[1]), {}
for j = 2, #ARGV do ids[j - 1] = ARGV[j] end
local items, out, gone, live, deads, seen = read('HMGET', Q.items, ids), {}, {}, {}, {}, {}
for j, id in ipairs(ids) do
    out[j] = items[j] and not seen[id] and 1 or 0
    if out[j] == 1 then
        seen[id] = true
        gone[#gone + 1] = id
        local list = call('ZSCORE', Q.dead, id) and deads or live
        list[#list + 1] = parse(items[j]).tenant
    end
end
for j, line in ipairs(read('HMGET', Q.reasons, ids)) do
    local v = out[j] == 0 and line and parseDead(line)
    if v and not seen[ids[j]] then
        seen[ids[j]], out[j] = true, 1
        gone[#gone + 1] = ids[j]; deads[#deads + 1] = v.tenant
    end
end
each(gone, 1, function(...)
    call('ZREM', Q.ready, ...); call('ZREM', Q.delayed, ...); call('ZREM', Q.heavy, ...); call('ZREM', Q.inFlight, ...); call('ZREM', Q.dead, ...)
    call('HDEL', Q.bodies, ...); call('HDEL', Q.items, ...); call('HDEL', Q.reasons, ...); call('SREM', Q.unconfirmed, ...)
end)
count(Q, tally(live, -1))
countDead(Q, deads, -1)
if coalescing then each(gone, 1, function(...) call('HDEL', Q.again, ...) end) end
if #gone > 0 and not coalescing then
    local k = recent(Q, t)
    each(gone, 1, function(...) call('SADD', k, ...) end)
end
return out
