-- Takes back a receive whose answer reached nobody: the messages are visible again, with the receive count of before. ARGV: for each:
-- number, receives, group.
pass(Q, t, retention)
local touched = {}
for j = 5, #ARGV, 3 do
    local m = bytes(tonumber(ARGV[j])) .. ARGV[j + 2]
    local s = call('ZSCORE', Q.ages, m) and state(Q, m)
    if s and s.count == tonumber(ARGV[j + 1]) and call('ZREM', Q.inFlight, m) == 1 then
        s.count = s.count - 1
        if fifo then touched[groupOf(m)] = true else busy(Q, groupOf(m), -1); show(Q, m, s.rank) end
        if s.count == 0 and s.rank == sub(m, 1, 8) then call('HDEL', Q.receives, s.rank) else setState(Q, m, s) end
    end
end
refreshAll(Q, touched)
notify()
return {}
