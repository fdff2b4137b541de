-- Replaces a queue's move tasks. KEYS: tasks (HASH ARN -> text), running (SET of ARNs). ARGV: ARN, text of before ('' none), new text, 1 where
-- one of them runs. Returns 1, or 0 if the text has changed.
if (call('HGET', KEYS[1], ARGV[1]) or '') ~= ARGV[2] then return 0 end
call('HSET', KEYS[1], ARGV[1], ARGV[3])
call(ARGV[4] == '1' and 'SADD' or 'SREM', KEYS[2], ARGV[1])
return 1
