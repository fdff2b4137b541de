-- ARGV: ids. Returns per id 2 removed, 1 in flight, 0 unknown.
local ids = ARGV
local items = read('HMGET', Q.i, ids)
local out, gone, live, seen = {}, {}, {}, {}
for j, id in ipairs(ids) do
    out[j] = 0
    if items[j] and not seen[id] then
        seen[id] = true
        local v = parse(items[j])
        if v.ep ~= '0' then
            out[j] = 1
        else
            out[j] = 2
            gone[#gone + 1] = id
            if not call('ZSCORE', Q.x, id) then live[#live + 1] = v end
        end
    end
end
each(gone, 1, function(...)
    call('ZREM', Q.r, ...); call('ZREM', Q.d, ...); call('ZREM', Q.x, ...)
    call('HDEL', Q.b, ...); call('HDEL', Q.i, ...); call('HDEL', Q.y, ...)
end)
count(Q, live, -1)
return out
