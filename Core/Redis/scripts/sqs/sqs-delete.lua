-- Deletes messages by their handles. ARGV: for each: number, receives, group. Returns for each 0 (deleted, or gone already), 1 (an older
-- handle of a standard queue: nothing is deleted, row 14) or 2 (the handle of a FIFO queue has expired, row 15).
pass(Q, t, retention)
local out, touched = {}, {}
for j = 5, #ARGV, 3 do
    local m = bytes(tonumber(ARGV[j])) .. ARGV[j + 2]
    local s = state(Q, m)
    -- A handle is no secret: its group may be made up.
    if s and (s.count == 0 or not call('ZSCORE', Q.ages, m)) then s = nil end
    local result = 0
    if s and fifo and (s.count ~= tonumber(ARGV[j + 1]) or not call('ZSCORE', Q.inFlight, m)) then
        result = 2
    elseif s and s.count ~= tonumber(ARGV[j + 1]) then
        result = 1
    elseif s then
        forget(Q, m, touched)
    end
    out[#out + 1] = result
end
refreshAll(Q, touched)
notify()
return out
