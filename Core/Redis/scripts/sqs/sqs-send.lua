-- Adds messages. ARGV: dedup window ms, then for each message: group, delay ms, message as encoded, its 16-byte id, key of deduplication
-- ('' none). Returns for each its number, and for a duplicate the first one's number and id (row 24). Cost: 3 to 8 writes a message.
local window = tonumber(ARGV[5])
local out, touched = {}, {}
pass(Q, t, retention)
for j = 6, #ARGV, 5 do
    local g, delay, blob, id, key = ARGV[j], tonumber(ARGV[j + 1]), ARGV[j + 2], ARGV[j + 3], ARGV[j + 4]
    local known = key ~= '' and tonumber(call('ZSCORE', Q.dedupEnds, key) or '0') > t and call('HGET', Q.dedup, key)
    if known then
        out[#out + 1] = struct.unpack('>I8', sub(known, 17))
        out[#out + 1] = sub(known, 1, 16)
    else
        local number = add(Q, t, g, blob, t, delay > 0 and t + delay, touched)
        if key ~= '' then
            call('HSET', Q.dedup, key, id .. bytes(number))
            call('ZADD', Q.dedupEnds, fmt('%d', t + window), key)
        end
        out[#out + 1] = number
        out[#out + 1] = ''
    end
end
refreshAll(Q, touched)
notify()
return out
