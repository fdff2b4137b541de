-- Moves dead letters back into the queue, oldest first. Only for a queue without outcomes, whose dead letters keep their bodies.
-- ARGV: clock, limit (at most 1,000), first delay ms, ms between two (may be a fraction). Returns how many it took from the
-- dead letters, including those whose item is gone.
local t, limit, first, gap = clock(ARGV[1]), math.min(tonumber(ARGV[2]), 1000), tonumber(ARGV[3]), tonumber(ARGV[4])
local ids = call('ZRANGE', Q.dead, 0, limit - 1)
local items = read('HMGET', Q.items, ids)
local revived, now, nowVs, later, laterTenants, dues, all = {}, {}, {}, {}, {}, {}, {}
for j, id in ipairs(ids) do
    if items[j] then
        local v = parse(items[j])
        local wait = floor(first + gap * (j - 1))
        all[#all + 1] = v.tenant
        revived[#revived + 1] = id; revived[#revived + 1] = item(v, 0, v.attempts, '0')
        if wait > 0 then
            later[#later + 1] = id; laterTenants[#later] = v.tenant; dues[#later] = t + wait
        else
            now[#now + 1] = id; nowVs[#now] = v
        end
    end
end
each(ids, 1, function(...) call('ZREM', Q.dead, ...); call('HDEL', Q.reasons, ...) end)
each(revived, 2, function(...) call('HSET', Q.items, ...) end)
countDead(Q, all, -1)
ready(Q, now, nowVs)
delay(Q, t, later, laterTenants, dues, count(Q, tally(all, 1)))
return #ids
