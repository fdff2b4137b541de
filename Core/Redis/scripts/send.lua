-- Adds messages. ARGV: clock, ticket ms, redrive (1) or add (0), then per message: id, delay ms, head, tenant, body. The head is the beginning
-- of the item, 0|attempts|0|generation|cost|: most messages have the same one. Returns per message 1 accepted, 0 known, -1 stale (the ticket is
-- older than 60 s), 2 coalesced: the queue had it, and it is received again no later than this send asks for.
local t, ticket, redrive = clock(ARGV[1]), tonumber(ARGV[2]), ARGV[3] == '1'
local n = (#ARGV - 3) / 5
local out, ids = {}, {}
for j = 1, n do ids[j], out[j] = ARGV[5 * j - 1], 0 end
if t - ticket > 60000 then
    for j = 1, n do out[j] = -1 end
    return out
end
local items = read('HMGET', Q.items, ids)
local unconfirmed, seen = read('SMISMEMBER', Q.unconfirmed, ids), {}
local deaths = read('HMGET', Q.reasons, ids)
-- Called for its side effect: empties expired sets of recorded ids before they are read.
recent(Q, t)
local a, b, c = read('SMISMEMBER', Q.recorded[0], ids), read('SMISMEMBER', Q.recorded[1], ids), read('SMISMEMBER', Q.recorded[2], ids)
local newBodies, newItems, now, nowVs, later, laterTenants, dues, by, dead, deads, m = {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, 0
local sent = fmt('%d', t) .. '|'
-- In a coalescing queue several sends of one id count as one: the earliest due time and the last body. Otherwise the first one counts.
local delays, bodies, firsts = {}, {}, {}
for j = 1, n do
    local o = 5 * j - 1
    delays[j], bodies[j] = tonumber(ARGV[o + 1]), ARGV[o + 4]
    local first = coalescing and firsts[ids[j]]
    if first then
        delays[first], bodies[first], out[j] = math.min(delays[first], delays[j]), bodies[j], 2
    else
        firsts[ids[j]] = j
    end
end
local marks, replaced, sooner, soonerVs, moved, movedTenants, movedDues = {}, {}, {}, {}, {}, {}, {}
local function coalesce(j, id, due)
    out[j] = 2
    replaced[#replaced + 1] = id; replaced[#replaced + 1] = bodies[j]
    local v = parse(items[j])
    if v.epoch ~= '0' then
        local known = call('HGET', Q.again, id)
        if not known or due < tonumber(known) then marks[#marks + 1] = id; marks[#marks + 1] = digits(due) end
        return
    end
    local score = call('ZSCORE', Q.delayed, id) or call('ZSCORE', Q.heavy, id)
    if not score or due >= tonumber(score) then return end
    if due > t then
        moved[#moved + 1] = id; movedTenants[#moved] = v.tenant; movedDues[#moved] = due
    else
        sooner[#sooner + 1] = id; soonerVs[#sooner] = v
    end
end
for j = 1, n do
    local o, id = 5 * j - 1, ids[j]
    local settled = unconfirmed[j] + a[j] + b[j] + c[j] > 0
    local free = not items[j] and (redrive or not settled)
    -- A dead letter is replaced by its redrive, by a send of a later generation (a redrive that was never sent), or by any coalescing send.
    if deaths[j] then
        local v = items[j] and parse(items[j]) or parseDead(deaths[j])
        free = redrive or coalescing or tonumber(v.generation) < tonumber(match(ARGV[o + 2], '(%d+)|[^|]+|$'))
        if free and not seen[id] then dead[#dead + 1] = id; deads[#deads + 1] = v.tenant end
    end
    if coalescing and not free and not seen[id] then
        seen[id] = true
        coalesce(j, id, ticket + delays[j])
    end
    if free and not seen[id] then
        seen[id], out[j] = true, 1
        local head, tenant = ARGV[o + 2], ARGV[o + 3]
        by[tenant] = (by[tenant] or 0) + 1
        newBodies[m + 1], newBodies[m + 2] = id, bodies[j]
        newItems[m + 1], newItems[m + 2] = id, head .. sent .. tenant
        m = m + 2
        local due = ticket + delays[j]
        if due > t then
            local k = #later + 1
            later[k], laterTenants[k], dues[k] = id, tenant, due
        else
            now[#now + 1] = id; nowVs[#now] = { cost = match(head, '([^|]+)|$'), tenant = tenant }
        end
    end
end
each(newBodies, 2, function(...) call('HSET', Q.bodies, ...) end)
each(dead, 1, function(...) call('ZREM', Q.dead, ...); call('HDEL', Q.reasons, ...); call('SREM', Q.unconfirmed, ...) end)
countDead(Q, deads, -1)
each(newItems, 2, function(...) call('HSET', Q.items, ...) end)
local counts = count(Q, by)
if #replaced > 0 then
    each(replaced, 2, function(...) call('HSET', Q.bodies, ...) end)
    each(marks, 2, function(...) call('HSET', Q.again, ...) end)
    for _, list in ipairs { sooner, moved } do
        each(list, 1, function(...) call('ZREM', Q.delayed, ...); call('ZREM', Q.heavy, ...) end)
    end
    ready(Q, sooner, soonerVs)
    delay(Q, t, moved, movedTenants, movedDues)
end
ready(Q, now, nowVs)
delay(Q, t, later, laterTenants, dues, counts)
return out
