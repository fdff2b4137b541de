-- Ends leases without counting the receive, and records what the messages wait for. KEYS[18]: the messages held for the group (ZSET id -> due
-- ms; an entry is valid only while the message is delayed until exactly that time). ARGV: clock, then per message: handle, delay ms. Due times
-- are rounded up to whole seconds, so that one receive can lease all messages due in the same second. Returns per message 1 held, 0 stale.
local t = clock(ARGV[1])
local n = (#ARGV - 1) / 2
local handles = {}
for j = 1, n do handles[j] = ARGV[2 * j] end
local ids, items, ok, tenants = held(Q, handles)
local leave, ended, later, laterTenants, dues, entries, out, last = {}, {}, {}, {}, {}, {}, {}, 0
for j = 1, n do
    out[j] = ok[j] and 1 or 0
    if ok[j] then
        local v, k = parse(items[j]), #later + 1
        leave[k] = ids[j]
        ended[2 * k - 1], ended[2 * k] = ids[j], item(v, v.receives - 1, v.attempts, '0')
        later[k], laterTenants[k], dues[k] = ids[j], tenants[j], floor((t + tonumber(ARGV[2 * j + 1]) + 999) / 1000) * 1000
        entries[2 * k - 1], entries[2 * k] = dues[k], ids[j]
        last = math.max(last, dues[k])
    end
end
if #leave == 0 then return out end
each(leave, 1, function(...) call('ZREM', Q.inFlight, ...) end)
each(ended, 2, function(...) call('HSET', Q.items, ...) end)
delay(Q, t, later, laterTenants, dues)
-- Drop expired entries: their messages have already become due.
call('ZREMRANGEBYSCORE', KEYS[18], '-inf', t - 1)
each(entries, 2, function(...) call('ZADD', KEYS[18], ...) end)
if call('PTTL', KEYS[18]) < last - t + 60000 then call('PEXPIRE', KEYS[18], last - t + 60000) end
return out
