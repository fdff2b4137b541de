-- Writes directory entries that are newer than the stored ones. KEYS: tenants, state. ARGV: the version up to which all changes are
-- published ('': unknown), a new change mark, then per entry: tenant, version, record ('': none). An entry without a record keeps its
-- version, so that an older one that arrives late is ignored.
local call = redis.call
for j = 3, #ARGV, 3 do
    local tenant, version = ARGV[j], tonumber(ARGV[j + 1])
    local known = call('HGET', KEYS[1], tenant)
    if not known or tonumber(string.match(known, '^(%d+)|')) < version then
        call('HSET', KEYS[1], tenant, string.format('%d|', version) .. ARGV[j + 2])
    end
end
call('HSET', KEYS[2], 'change', ARGV[2])
if ARGV[1] ~= '' then
    local known = call('HGET', KEYS[2], 'version')
    if not known or tonumber(known) < tonumber(ARGV[1]) then call('HSET', KEYS[2], 'version', ARGV[1]) end
end
return 1
