-- ARGV: clock, limit, visibility ms, maximum receives
-- Returns {ms until the queue next changes by itself, or -1, or -2 where more is due and the call is to be repeated at
-- once}, then per message: id, handle, receives, attempts, generation, tenant, body.
local t, limit, visibility, maxReceives = clock(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local _, more = promote(Q, t, maxReceives)
if more then return { -2 } end
local popped = call('ZPOPMIN', Q.r, math.min(limit, 1000))
local n = #popped / 2
if n == 0 then
    call('DEL', Q.t)
    return { untilDue(Q, t) }
end
local ids = {}
for j = 1, n do ids[j] = popped[2 * j - 1] end
local items, bodies = read('HMGET', Q.i, ids), read('HMGET', Q.b, ids)
call('HSET', Q.m, 'V', popped[2 * n])
-- A handle is never used twice, also not after a failover to a replica that lags: epochs come from the clock.
local ep = math.max(tonumber(call('HGET', Q.m, 'ep') or '0') + 1, t * 1000)
call('HSET', Q.m, 'ep', fmt('%d', ep))
local epoch, F, I, out, gone, goneVs = fmt('%d', ep), {}, {}, { -1 }, {}, {}
for j = 1, n do
    local id, body = ids[j], bodies[j]
    local v = items[j] and parse(items[j])
    if v and body and body ~= '' then
        F[#F + 1] = fmt('%d', t + visibility); F[#F + 1] = id
        I[#I + 1] = id; I[#I + 1] = item(v, v.rc + 1, v.at, epoch)
        local o = #out
        out[o + 1], out[o + 2], out[o + 3], out[o + 4] = id, id .. '|' .. epoch, v.rc + 1, v.at
        out[o + 5], out[o + 6], out[o + 7] = v.gen, v.tenant, body
    else
        gone[#gone + 1] = id
        if v then goneVs[#goneVs + 1] = v end
    end
end
each(F, 2, function(...) call('ZADD', Q.f, ...) end)
each(I, 2, function(...) call('HSET', Q.i, ...) end)
each(gone, 1, function(...) call('HDEL', Q.b, ...); call('HDEL', Q.i, ...) end)
count(Q, goneVs, -1)
-- Another waiter becomes the timekeeper while anything is left.
if n == limit or call('EXISTS', Q.r, Q.d, Q.e) > 0 then wake(Q) end
return out
