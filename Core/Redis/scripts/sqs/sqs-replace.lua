-- Replaces a queue's record. KEYS: queue. ARGV: token of before, new token, new record. Returns 1, or 0 if the token has changed.
if call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 0 end
call('HSET', KEYS[1], 'token', ARGV[2], 'record', ARGV[3])
return 1
