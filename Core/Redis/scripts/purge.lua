-- Removes every message and forgets every id; epochs and totals stay. For an outcome queue (second KEYS: its source) the source forgets the
-- ids whose outcomes are lost, so that they may be sent again. Returns how many messages it removed.
local n = call('HLEN', Q.items)
call('UNLINK', Q.ready, Q.delayed, Q.inFlight, Q.bodies, Q.items, Q.tags, Q.dead, Q.reasons, Q.tenants, Q.unconfirmed, Q.recorded[0], Q.recorded[1], Q.recorded[2], Q.heavy, Q.again)
for _, field in ipairs(call('HKEYS', Q.counters)) do
    if string.sub(field, 1, 2) == 'd:' then call('HDEL', Q.counters, field) end
end
if P then call('UNLINK', P.unconfirmed) end
return n
