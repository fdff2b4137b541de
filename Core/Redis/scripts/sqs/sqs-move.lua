-- Moves visible messages to the second queue, where they are new: with the given ids, sent now, never received. ARGV: the second queue's
-- token and delay ms, then for each: number, group, its new 16-byte id. Returns how many were moved; -2: the second queue has changed.
if not D or call('HGET', D.queue, 'token') ~= ARGV[5] then return { -2 } end
pass(Q, t, retention)
local delay, moved, touched, touchedThere = tonumber(ARGV[6]), 0, {}, {}
for j = 7, #ARGV, 3 do
    local m = bytes(tonumber(ARGV[j])) .. ARGV[j + 1]
    local blob = call('HGET', Q.bodies, sub(m, 1, 8))
    local visible = blob and not call('ZSCORE', Q.inFlight, m) and not call('ZSCORE', Q.delayed, m)
    if visible then
        forget(Q, m, touched)
        add(D, t, groupOf(m), sub(blob, 1, 1) .. ARGV[j + 2] .. sub(blob, 18), t, delay > 0 and t + delay, touchedThere)
        moved = moved + 1
    end
end
refreshAll(Q, touched)
refreshAll(D, touchedThere)
notify()
return { moved }
