-- Removes messages that nobody holds. ARGV: clock, ids. Returns per id 2 removed, 3 removed after a worker has had it, 1 in flight, or
-- settled and not recorded yet, 0 unknown. An unknown id becomes known for the usual time, so that a sender that has committed it but not
-- sent it yet comes too late.
local t, ids = clock(ARGV[1]), {}
for j = 2, #ARGV do ids[j - 1] = ARGV[j] end
local items, unconfirmed = read('HMGET', Q.items, ids), read('SMISMEMBER', Q.unconfirmed, ids)
local out, gone, live, deads, seen, late = {}, {}, {}, {}, {}, {}
for j, id in ipairs(ids) do
    out[j] = not items[j] and unconfirmed[j] or 0
    if items[j] and not seen[id] then
        seen[id] = true
        local v = parse(items[j])
        if v.epoch ~= '0' then
            out[j] = 1
        else
            out[j] = v.receives + v.attempts > 0 and 3 or 2
            gone[#gone + 1] = id
            if call('ZSCORE', Q.dead, id) then deads[#deads + 1] = v.tenant else live[#live + 1] = v.tenant end
        end
    end
end
-- Dead letters of which only the short record is kept.
for j, id in ipairs(ids) do
    local line = not items[j] and not seen[id] and call('HGET', Q.reasons, id)
    local v = line and parseDead(line)
    if v then
        seen[id], out[j] = true, 3
        gone[#gone + 1] = id; deads[#deads + 1] = v.tenant
    end
end
each(gone, 1, function(...)
    call('ZREM', Q.ready, ...); call('ZREM', Q.delayed, ...); call('ZREM', Q.heavy, ...); call('ZREM', Q.dead, ...)
    call('HDEL', Q.bodies, ...); call('HDEL', Q.items, ...); call('HDEL', Q.reasons, ...)
end)
count(Q, tally(live, -1))
countDead(Q, deads, -1)
for j, id in ipairs(ids) do
    if not items[j] and out[j] == 0 then late[#late + 1] = id end
end
if coalescing then each(gone, 1, function(...) call('HDEL', Q.again, ...) end) end
if #late > 0 and not coalescing then
    local k = recent(Q, t)
    each(late, 1, function(...) call('SADD', k, ...) end)
end
return out
