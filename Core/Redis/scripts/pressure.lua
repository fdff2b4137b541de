-- ARGV: clock. Returns messages that are ready, delayed or in flight, then the memory that Redis uses and may use (0: any).
local info = call('INFO', 'memory')
return { call('ZCARD', Q.r) + call('ZCARD', Q.d) + call('ZCARD', Q.e) + call('ZCARD', Q.f),
    tonumber(string.match(info, 'used_memory:(%d+)')), tonumber(string.match(info, 'maxmemory:(%d+)')) }
