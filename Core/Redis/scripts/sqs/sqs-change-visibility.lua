-- Sets when messages become visible again. ARGV: limit ms from the receive, then for each: number, receives, group, ms from now.
-- Returns for each 0 (done), 1 (there is no such message, or it was received again) or 2 (beyond the limit). The receive count stays
-- (row 16).
local limit = tonumber(ARGV[5])
pass(Q, t, retention)
local out, touched = {}, {}
for j = 6, #ARGV, 4 do
    local m, timeout = bytes(tonumber(ARGV[j])) .. ARGV[j + 2], tonumber(ARGV[j + 3])
    local s = call('ZSCORE', Q.ages, m) and state(Q, m)
    local flying = s and call('ZSCORE', Q.inFlight, m)
    local result = 0
    if not s or s.count ~= tonumber(ARGV[j + 1]) or (fifo and not flying) then
        result = 1
    elseif floor((t - s.last) / 1000) * 1000 + timeout > limit then
        result = 2
    elseif timeout == 0 then
        if flying then
            call('ZREM', Q.inFlight, m)
            if fifo then touched[groupOf(m)] = true else busy(Q, groupOf(m), -1); showAgain(Q, m, s) end
        end
    else
        if not flying then
            local g = groupOf(m)
            call('ZREM', Q.visible, place(m, s.rank))
            if not ofGroup(Q, g, 1)[1] then call('ZREM', Q.groups, g) end
            busy(Q, g, 1)
        end
        call('ZADD', Q.inFlight, fmt('%d', t + timeout), m)
        -- Whoever waits for the queue waits for the earliest of these times.
        shown[Q] = true
    end
    out[#out + 1] = result
end
refreshAll(Q, touched)
notify()
return out
