-- Shared by all scripts that keep time.
--
-- Lua does not roll back: every operation checks its arguments and reads all it needs before its first write. Large numbers that become part
-- of a text are written with %d: Lua's own conversion turns them into floating point.
local call, fmt, floor, match, find = redis.call, string.format, math.floor, string.match, string.find

-- ms since 1970, by Redis's clock; a positive argument replaces it in tests and virtual time. Never goes back behind its high-water mark,
-- which is a second old at most: if the server's clock steps back, time goes on from the mark at the server's pace (protocols.md, 7a). The
-- mark is written into a hash (hw, and off, what is added to the server's clock) with pcall: a full server may refuse it, and the script has
-- to go on.
local function clockOf(hash, a)
    a = tonumber(a)
    if a > 0 then return a end
    local now = call('TIME')
    local known = call('HMGET', hash, 'hw', 'off')
    local high, t = tonumber(known[1] or '0'), now[1] * 1000 + floor(now[2] / 1000) + tonumber(known[2] or '0')
    if t < high then
        redis.pcall('HSET', hash, 'off', fmt('%d', tonumber(known[2] or '0') + high - t))
        return high
    end
    if t >= high + 1000 then redis.pcall('HSET', hash, 'hw', fmt('%d', t)) end
    return t
end
