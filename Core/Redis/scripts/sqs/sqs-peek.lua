-- Shows messages without changing anything but what time does. ARGV: v, f or d (visible, in flight, delayed), how many at most.
-- Returns for each: number, receives, ms of the first receive, ms of the send, name of the queue that it came from, group, message as
-- encoded.
local which, most = ARGV[5], tonumber(ARGV[6])
pass(Q, t, retention)
local list, out = {}, {}
if which == 'f' then
    list = call('ZRANGE', Q.inFlight, 0, most - 1)
elseif which == 'd' then
    list = call('ZRANGE', Q.delayed, 0, most - 1)
elseif fifo then
    -- Group by group, in the order in which they would be given out.
    for _, g in ipairs(call('ZRANGE', Q.groups, 0, most - 1)) do
        for _, entry in ipairs(ofGroup(Q, g, most - #list)) do
            local m = sub(entry, -8) .. g
            if call('ZSCORE', Q.inFlight, m) or call('ZSCORE', Q.delayed, m) then break end
            list[#list + 1] = m
        end
        if #list >= most then break end
    end
else
    for _, entry in ipairs(call('ZRANGE', Q.visible, 0, most - 1)) do list[#list + 1] = sub(entry, -8) .. sub(entry, 1, -18) end
end
-- Up to 4 MiB: bodies may have a megabyte each.
local size = 0
for _, m in ipairs(list) do
    local n, s = sub(m, 1, 8), state(Q, m)
    for _, value in ipairs {
        struct.unpack('>I8', n), s and s.count or 0, s and s.first or 0, tonumber(call('ZSCORE', Q.ages, m)),
        call('HGET', Q.origins, n) or '', groupOf(m), call('HGET', Q.bodies, n),
    } do out[#out + 1] = value end
    size = size + #out[#out]
    if size > 4194304 then break end
end
notify()
return out
