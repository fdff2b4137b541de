-- Ends leases. ARGV: clock, number of settlements, then per settlement: handle, verdict (a acknowledge, r retry, l release, b bury), outcome,
-- and unless it acknowledges: delay ms, reason.
-- Returns per settlement 1 settled, 0 stale. The outcomes of those settled go to the outcome queue as one message. What was sent again to a
-- coalescing queue during its lease is received again, however its lease ends (protocols.md, 16a).
local t = clock(ARGV[1])
local n = tonumber(ARGV[2])
local handles, places, place = {}, {}, 3
for j = 1, n do
    handles[j], places[j] = ARGV[place], place
    place = place + (ARGV[place + 1] == 'a' and 3 or 5)
end
local ids, items, ok, tenants = held(Q, handles)
local leave, done, by, kept, plain, released, out, lines = {}, {}, {}, {}, {}, {}, {}, {}
local again, marked = coalescing and read('HMGET', Q.again, ids) or {}, {}
local back, backVs, later, laterTenants, dues, dead, deadVs, reasons = {}, {}, {}, {}, {}, {}, {}, {}
for j = 1, n do
    out[j] = ok[j] and 1 or 0
    if ok[j] then
        local o, id, tenant = places[j], ids[j], tenants[j]
        local verdict, outcome = ARGV[o + 1], ARGV[o + 2]
        leave[#leave + 1] = id
        if outcome ~= '' then lines[#lines + 1] = outcome end
        local due = tonumber(again[j])
        if due then marked[#marked + 1] = id end
        if due and (verdict == 'a' or verdict == 'b') then
            local v = parse(items[j])
            released[#released + 1] = id; released[#released + 1] = item(v, 0, 0, '0')
            if due > t then
                later[#later + 1] = id; laterTenants[#later] = tenant; dues[#later] = due
            else
                back[#back + 1] = id; backVs[#back] = v
            end
        elseif verdict == 'a' then
            done[#done + 1] = id
            by[tenant] = (by[tenant] or 0) - 1
            -- It stays known until its outcome is recorded; without an outcome, for the usual time from now.
            local list = P and outcome ~= '' and kept or plain
            list[#list + 1] = id
        else
            local v, wait = parse(items[j]), tonumber(ARGV[o + 3])
            if due then wait = math.min(wait, due - t) end
            if verdict == 'b' then
                v.attempts = v.attempts + 1
                dead[#dead + 1] = id; deadVs[#dead] = v; reasons[#dead] = ARGV[o + 4]
            else
                local receives, attempts = 0, v.attempts + 1
                if verdict == 'l' then receives, attempts = v.receives - 1, v.attempts end
                released[#released + 1] = id; released[#released + 1] = item(v, receives, attempts, '0')
                if wait > 0 then
                    local k = #later + 1
                    later[k], laterTenants[k], dues[k] = id, tenant, t + wait
                else
                    back[#back + 1] = id; backVs[#back] = v
                end
            end
        end
    end
end
if #leave == 0 then return out end
each(leave, 1, function(...) call('ZREM', Q.inFlight, ...) end)
each(marked, 1, function(...) call('HDEL', Q.again, ...) end)
if #done > 0 then
    each(done, 1, function(...) call('HDEL', Q.bodies, ...); call('HDEL', Q.items, ...) end)
    each(kept, 1, function(...) call('SADD', Q.unconfirmed, ...) end)
    -- A coalescing queue forgets what is done at once.
    if #plain > 0 and not coalescing then
        local k = recent(Q, t)
        each(plain, 1, function(...) call('SADD', k, ...) end)
    end
    count(Q, by)
    call('HINCRBY', Q.counters, 'settled', #done)
end
each(released, 2, function(...) call('HSET', Q.items, ...) end)
delay(Q, t, later, laterTenants, dues)
ready(Q, back, backVs)
bury(Q, t, dead, deadVs, reasons, false)
if P and #lines > 0 then post(P, t, table.concat(lines)) end
return out
