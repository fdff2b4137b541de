-- Leases messages. ARGV: clock, limit, visibility ms, maximum receives, the highest counter of the shard that the receiver has seen. Returns a
-- status, the shard's generation, then per message: id, item, body; the handle is the id and the item's epoch. The status is -1 with messages;
-- without, it is the ms until the next delayed message or lease is due (-1: never), or -2 if more is due and the call is to be repeated at once,
-- or -3 if the shard has gone back in time and is paused until the monitor has reconciled it (protocols.md, 7a).
local t, limit, visibility, maxReceives = clock(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local generation = tonumber(call('HGET', Q.counters, 'g') or '0')
if generation < tonumber(ARGV[5]) then return { -3, generation } end
local room = math.min(limit, 1000)
local _, more, ids, items = promote(Q, t, maxReceives, room)
if more then return { -2, generation } end
if not ids then
    -- Not ZPOPMIN, which would also format every score as text.
    ids = call('ZRANGE', Q.ready, 0, room - 1)
    if #ids == 0 then
        call('DEL', Q.tags)
        return { untilDue(Q, t), generation }
    end
    local virtual = call('ZSCORE', Q.ready, ids[#ids])
    -- The first write frees memory, so that a full server can be emptied (protocols.md, 12).
    call('ZREMRANGEBYRANK', Q.ready, 0, #ids - 1)
    call('HSET', Q.counters, 'V', virtual)
    items = read('HMGET', Q.items, ids)
end
local bodies = read('HMGET', Q.bodies, ids)
-- A handle is never reused, even after a failover to a lagging replica: epochs come from the clock.
local nextEpoch = math.max(tonumber(call('HGET', Q.counters, 'ep') or '0') + 1, t * 1000)
local epoch, expiry, n, o = fmt('%d', nextEpoch), fmt('%d', t + visibility), 0, 2
local mark = '|' .. epoch
call('HSET', Q.counters, 'ep', epoch)
local leases, leased, out, gone, tenants = {}, {}, { -1, generation }, {}, {}
for j = 1, #ids do
    local id, body, old = ids[j], bodies[j], items[j]
    if old and body and body ~= '' then
        local receives, attempts, rest = match(old, '^(%d+)(|%d+)|%d+(|.*)$')
        local new = receives + 1 .. attempts .. mark .. rest
        leases[n + 1], leases[n + 2] = expiry, id
        leased[n + 1], leased[n + 2] = id, new
        n = n + 2
        out[o + 1], out[o + 2], out[o + 3] = id, new, body
        o = o + 3
    else
        gone[#gone + 1] = id
        if old then tenants[#tenants + 1] = parse(old).tenant end
    end
end
each(leases, 2, function(...) call('ZADD', Q.inFlight, ...) end)
if coalescing then
    -- This receive is the one that a send during the last lease asked for, unless that is due later.
    local met = {}
    for j, due in ipairs(read('HMGET', Q.again, ids)) do if due and tonumber(due) <= t then met[#met + 1] = ids[j] end end
    each(met, 1, function(...) call('HDEL', Q.again, ...) end)
end
each(leased, 2, function(...) call('HSET', Q.items, ...) end)
each(gone, 1, function(...) call('HDEL', Q.bodies, ...); call('HDEL', Q.items, ...) end)
count(Q, tally(tenants, -1))
-- While anything is left, wake another receiver, which then waits for the next due time (decision 0004).
if #ids == limit or call('EXISTS', Q.ready, Q.delayed, Q.heavy) > 0 then wake(Q) end
return out
