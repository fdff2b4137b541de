-- Leases messages. ARGV: clock, limit, visibility ms, maximum receives, the youngest generation that the receiver has seen.
-- Returns a status, the shard's generation, then per message: id, handle, receives, attempts, generation, tenant, body. The status is -1
-- with messages; without, it is the ms until the queue next changes by itself (-1: never), or -2 if more is due and the call is to be
-- repeated at once, or -3 if the shard went back and is paused until the monitor has reconciled it (protocols.md, 7a).
local t, limit, visibility, maxReceives = clock(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local generation = tonumber(call('HGET', Q.counters, 'g') or '0')
if generation < tonumber(ARGV[5]) then return { -3, generation } end
local room = math.min(limit, 1000)
local _, more, ids, vs = promote(Q, t, maxReceives, room)
if more then return { -2, generation } end
if not ids then
    local popped = call('ZPOPMIN', Q.ready, room)
    if #popped == 0 then
        call('DEL', Q.tags)
        return { untilDue(Q, t), generation }
    end
    call('HSET', Q.counters, 'V', popped[#popped])
    ids, vs = {}, {}
    for j = 1, #popped / 2 do ids[j] = popped[2 * j - 1] end
    for j, raw in ipairs(read('HMGET', Q.items, ids)) do vs[j] = raw and parse(raw) end
end
local bodies = read('HMGET', Q.bodies, ids)
-- A handle is never reused, even after a failover to a lagging replica: epochs come from the clock.
local nextEpoch = math.max(tonumber(call('HGET', Q.counters, 'ep') or '0') + 1, t * 1000)
local epoch, expiry, n, o = fmt('%d', nextEpoch), fmt('%d', t + visibility), 0, 2
call('HSET', Q.counters, 'ep', epoch)
local leases, leased, out, gone, tenants, mark = {}, {}, { -1, generation }, {}, {}, '|' .. epoch
for j = 1, #ids do
    local id, body, v = ids[j], bodies[j], vs[j]
    if v and body and body ~= '' then
        local receives = v.receives + 1
        leases[n + 1], leases[n + 2] = expiry, id
        leased[n + 1], leased[n + 2] = id, item(v, receives, v.attempts, epoch)
        n = n + 2
        out[o + 1], out[o + 2], out[o + 3], out[o + 4] = id, id .. mark, receives, v.attempts
        out[o + 5], out[o + 6], out[o + 7] = v.generation, v.tenant, body
        o = o + 7
    else
        gone[#gone + 1] = id
        if v then tenants[#tenants + 1] = v.tenant end
    end
end
each(leases, 2, function(...) call('ZADD', Q.inFlight, ...) end)
each(leased, 2, function(...) call('HSET', Q.items, ...) end)
each(gone, 1, function(...) call('HDEL', Q.bodies, ...); call('HDEL', Q.items, ...) end)
count(Q, tally(tenants, -1))
-- Another waiter becomes the timekeeper while anything is left.
if #ids == limit or call('EXISTS', Q.ready, Q.delayed, Q.heavy) > 0 then wake(Q) end
return out
