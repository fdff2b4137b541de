-- Which messages the queue has. ARGV: clock, then per message: id, generation. Returns per message 1 if the queue has it or waits for its
-- outcome to be recorded, else 0. A dead letter of an earlier generation does not count.
local ids = {}
for j = 2, #ARGV, 2 do ids[#ids + 1] = ARGV[j] end
local items, unconfirmed, out = read('HMGET', Q.items, ids), read('SMISMEMBER', Q.unconfirmed, ids), {}
for j = 1, #ids do
    local line = call('HGET', Q.reasons, ids[j])
    local dead = line and (items[j] and parse(items[j]) or parseDead(line))
    local has = items[j]
    if dead then has = tonumber(dead.generation) >= tonumber(ARGV[2 * j + 1]) end
    out[j] = (has or unconfirmed[j] == 1) and 1 or 0
end
return out
