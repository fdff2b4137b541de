-- ARGV: limit. Returns per dead letter: id, time of death ms, reason, receives, attempts, generation, tenant, body.
local x = call('ZRANGE', Q.x, 0, tonumber(ARGV[1]) - 1, 'WITHSCORES')
local ids, out = {}, {}
for j = 1, #x, 2 do ids[#ids + 1] = x[j] end
local items, bodies, reasons = read('HMGET', Q.i, ids), read('HMGET', Q.b, ids), read('HMGET', Q.y, ids)
for j, id in ipairs(ids) do
    local v = items[j] and parse(items[j])
    if v then
        local o = #out
        out[o + 1], out[o + 2], out[o + 3], out[o + 4] = id, x[2 * j], reasons[j] or '', v.rc
        out[o + 5], out[o + 6], out[o + 7], out[o + 8] = v.at, v.gen, v.tenant, bodies[j] or ''
    end
end
return out
