-- A page of dead letters, oldest first. ARGV: first rank, last rank, limit, tenant ('' for all). Returns how many entries are in that range,
-- then per dead letter: id, time of death ms, reason, receives, attempts, generation, tenant, body.
local first, last, limit, tenant = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local looked = call('ZRANGE', Q.dead, first, last, 'WITHSCORES')
local all, ids, times, vs = {}, {}, {}, {}
for j = 1, #looked, 2 do all[#all + 1] = looked[j] end
local items, lines = read('HMGET', Q.items, all), read('HMGET', Q.reasons, all)
for j, id in ipairs(all) do
    local v = #ids < limit and (items[j] and parse(items[j]) or lines[j] and parseDead(lines[j]))
    if v and (tenant == '' or v.tenant == tenant) then ids[#ids + 1] = id; times[#ids] = looked[2 * j]; vs[#ids] = v end
end
local bodies, reasons, out = read('HMGET', Q.bodies, ids), read('HMGET', Q.reasons, ids), { #all }
for j, id in ipairs(ids) do
    local v, o = vs[j], #out
    out[o + 1], out[o + 2], out[o + 3], out[o + 4] = id, times[j], v.reason or reasons[j] or '', v.receives
    out[o + 5], out[o + 6], out[o + 7], out[o + 8] = v.attempts, v.generation, v.tenant, bodies[j] or ''
end
return out
