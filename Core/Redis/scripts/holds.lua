-- ARGV: clock, ids. Returns per id 1 where the queue has its message or waits for its outcome to be recorded, else 0.
local ids = {}
for j = 2, #ARGV do ids[j - 1] = ARGV[j] end
local items, unconfirmed, out = read('HMGET', Q.i, ids), read('SMISMEMBER', Q.p, ids), {}
for j = 1, #ids do out[j] = (items[j] or unconfirmed[j] == 1) and 1 or 0 end
return out
