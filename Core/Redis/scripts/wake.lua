-- Makes messages that are held for a group ready. KEYS[18]: as in hold.lua. ARGV: clock, how many to look at.
-- Returns how many it looked at and how many it made ready; a further call looks at the next ones.
local looked = call('ZRANGE', KEYS[18], 0, tonumber(ARGV[2]) - 1, 'WITHSCORES')
local all, ids = {}, {}
for j = 1, #looked, 2 do
    local id, due = looked[j], looked[j + 1]
    all[#all + 1] = id
    -- A message that was delayed again, after a failed attempt say, has another due time and keeps it.
    if call('ZSCORE', Q.delayed, id) == due or call('ZSCORE', Q.heavy, id) == due then ids[#ids + 1] = id end
end
local items, found, vs = read('HMGET', Q.items, ids), {}, {}
for j, id in ipairs(ids) do
    if items[j] then found[#found + 1] = id; vs[#found] = parse(items[j]) end
end
each(all, 1, function(...) call('ZREM', KEYS[18], ...) end)
each(ids, 1, function(...) call('ZREM', Q.delayed, ...); call('ZREM', Q.heavy, ...) end)
ready(Q, found, vs)
return { #all, #found }
