-- Extends leases to `visibility` from now. ARGV: clock, visibility ms, handles. Returns per handle 1, or 0 if the lease had ended.
local t, visibility = clock(ARGV[1]), tonumber(ARGV[2])
local handles = {}
for j = 3, #ARGV do handles[j - 2] = ARGV[j] end
local ids, _, ok = held(Q, handles)
local leases, out, expiry = {}, {}, fmt('%d', t + visibility)
for j = 1, #handles do
    out[j] = ok[j] and 1 or 0
    if ok[j] then leases[#leases + 1] = expiry; leases[#leases + 1] = ids[j] end
end
each(leases, 2, function(...) call('ZADD', Q.inFlight, 'XX', ...) end)
return out
