-- ARGV: clock, ticket ms, redrive (1) or add (0), then per message: id, delay ms, cost, generation, attempts, tenant, body
-- Returns per message 1 accepted, 0 known, -1 stale.
local t, ticket, redrive = clock(ARGV[1]), tonumber(ARGV[2]), ARGV[3] == '1'
local n = (#ARGV - 3) / 7
local out, ids = {}, {}
for j = 1, n do ids[j], out[j] = ARGV[7 * j - 3], 0 end
if t - ticket > 60000 then
    for j = 1, n do out[j] = -1 end
    return out
end
local items = read('HMGET', Q.i, ids)
local unconfirmed, seen = read('SMISMEMBER', Q.p, ids), {}
recent(Q, t)
local a, b, c = read('SMISMEMBER', Q.k[0], ids), read('SMISMEMBER', Q.k[1], ids), read('SMISMEMBER', Q.k[2], ids)
local B, I, now, nowVs, later, laterVs, dues, all, dead = {}, {}, {}, {}, {}, {}, {}, {}, {}
for j = 1, n do
    local o, id = 7 * j - 3, ids[j]
    local settled = unconfirmed[j] + a[j] + b[j] + c[j] > 0
    local free = not items[j] and (redrive or not settled)
    -- A dead letter makes way for its redrive, and for a repair of a redrive that was committed and not sent.
    if items[j] and call('ZSCORE', Q.x, id) and (redrive or tonumber(parse(items[j]).gen) < tonumber(ARGV[o + 3])) then
        free = true; dead[#dead + 1] = id
    end
    if free and not seen[id] then
        seen[id], out[j] = true, 1
        local v = { gen = ARGV[o + 3], cost = ARGV[o + 2], sent = fmt('%d', t), tenant = ARGV[o + 5] }
        all[#all + 1] = v
        B[#B + 1] = id; B[#B + 1] = ARGV[o + 6]
        I[#I + 1] = id; I[#I + 1] = item(v, 0, tonumber(ARGV[o + 4]), '0')
        local due = ticket + tonumber(ARGV[o + 1])
        if due > t then
            later[#later + 1] = id; laterVs[#later] = v; dues[#later] = due
        else
            now[#now + 1] = id; nowVs[#now] = v
        end
    end
end
each(B, 2, function(...) call('HSET', Q.b, ...) end)
each(dead, 1, function(...) call('ZREM', Q.x, ...); call('HDEL', Q.y, ...) end)
each(I, 2, function(...) call('HSET', Q.i, ...) end)
ready(Q, now, nowVs)
delay(Q, t, later, laterVs, dues, count(Q, all, 1))
return out
