-- Housekeeping: promotes what is due, requeues items that are in no set, drops finish tags that are in the past, and wakes a receiver if
-- something is ready. ARGV: clock, maximum receives, cursor of the repair scan, cursor of the trim scan. Returns how many messages it promoted
-- or requeued, next repair cursor, next trim cursor.
local t, maxReceives = clock(ARGV[1]), tonumber(ARGV[2])
local moved = promote(Q, t, maxReceives)
local scan = call('HSCAN', Q.items, ARGV[3], 'COUNT', 200)
local ids, vs = {}, {}
for j = 1, #scan[2], 2 do
    local id = scan[2][j]
    if not (call('ZSCORE', Q.ready, id) or call('ZSCORE', Q.delayed, id) or call('ZSCORE', Q.heavy, id) or call('ZSCORE', Q.inFlight, id)
        or call('ZSCORE', Q.dead, id)) then
        ids[#ids + 1] = id; vs[#ids] = parse(scan[2][j + 1])
    end
end
ready(Q, ids, vs)
-- Drop old dead letters, and bodies that an earlier version kept.
if P then
    local old = call('ZRANGE', Q.dead, '-inf', t - deadLifetime, 'BYSCORE', 'LIMIT', 0, 500)
    local tenants = {}
    for _, line in ipairs(read('HMGET', Q.reasons, old)) do
        local v = line and parseDead(line)
        if v then tenants[#tenants + 1] = v.tenant end
    end
    each(old, 1, function(...)
        call('ZREM', Q.dead, ...); call('HDEL', Q.reasons, ...); call('HDEL', Q.items, ...); call('HDEL', Q.bodies, ...)
    end)
    countDead(Q, tenants, -1)
    if #old > 0 then call('HINCRBY', Q.counters, 'dropped', #old) end
    each(call('ZRANGE', Q.dead, 0, 199), 1, function(...) call('HDEL', Q.bodies, ...); call('HDEL', Q.items, ...) end)
end
local virtual, trim, old = tonumber(call('HGET', Q.counters, 'V') or '0'), call('HSCAN', Q.tags, ARGV[4], 'COUNT', 200), {}
for j = 1, #trim[2], 2 do
    if tonumber(trim[2][j + 1]) <= virtual then old[#old + 1] = trim[2][j] end
end
each(old, 1, function(...) call('HDEL', Q.tags, ...) end)
if call('EXISTS', Q.ready) == 1 then wake(Q) end
return { moved + #ids, scan[1], trim[1] }
