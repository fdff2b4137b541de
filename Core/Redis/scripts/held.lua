-- A page of the messages that have an item, in no order. ARGV: clock, cursor ('0' to begin). Returns the next cursor ('0': no more), then
-- per message: id, generation.
local scan = call('HSCAN', Q.items, ARGV[2], 'COUNT', 1000)
local out = { scan[1] }
for j = 1, #scan[2], 2 do
    out[#out + 1] = scan[2][j]
    out[#out + 1] = parse(scan[2][j + 1]).generation
end
return out
