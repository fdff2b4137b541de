-- Removes every message and forgets every id; epochs and totals stay. For an outcome queue (second KEYS: its source) the source forgets the
-- ids whose outcomes are lost, so that they may be sent again. Returns how many messages it removed.
local n = call('HLEN', Q.i)
call('UNLINK', Q.r, Q.d, Q.f, Q.b, Q.i, Q.t, Q.x, Q.y, Q.c, Q.p, Q.k[0], Q.k[1], Q.k[2], Q.e)
for _, field in ipairs(call('HKEYS', Q.m)) do
    if string.sub(field, 1, 2) == 'd:' then call('HDEL', Q.m, field) end
end
if P then call('UNLINK', P.p) end
return n
