-- Acknowledges messages of an outcome queue (first KEYS) without remembering their ids, and marks ids of its source (second KEYS) as
-- recorded. ARGV: clock, number of handles, handles, ids. Returns per handle 1, or 0 if the lease had ended.
local t, n = clock(ARGV[1]), tonumber(ARGV[2])
local handles, recorded = {}, {}
for j = 1, n do handles[j] = ARGV[j + 2] end
for j = n + 3, #ARGV do recorded[#recorded + 1] = ARGV[j] end
local ids, _, ok, tenants = held(Q, handles)
local gone, by, out = {}, {}, {}
for j = 1, n do
    out[j] = ok[j] and 1 or 0
    if ok[j] then gone[#gone + 1] = ids[j]; by[tenants[j]] = (by[tenants[j]] or 0) - 1 end
end
each(gone, 1, function(...) call('ZREM', Q.inFlight, ...); call('HDEL', Q.bodies, ...); call('HDEL', Q.items, ...) end)
count(Q, by)
if #gone > 0 then call('HINCRBY', Q.counters, 'settled', #gone) end
if #recorded > 0 then
    local was, known = read('SMISMEMBER', P.unconfirmed, recorded), {}
    for j, id in ipairs(recorded) do if was[j] == 1 then known[#known + 1] = id end end
    each(known, 1, function(...) call('SREM', P.unconfirmed, ...) end)
    if #known > 0 then
        local k = recent(P, t)
        each(known, 1, function(...) call('SADD', k, ...) end)
    end
end
return out
