-- Replaces a field. KEYS: hash. ARGV: field, text of before ('' none), new text. Returns 1, or 0 if it has changed.
if (call('HGET', KEYS[1], ARGV[1]) or '') ~= ARGV[2] then return 0 end
call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
