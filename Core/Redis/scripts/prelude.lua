-- Shared by every operation of a queue shard. The operation's text follows this one in the same script.
--
-- KEYS, by RedisQueueKey; an operation on two queues passes the second one's after the first one's:
--   ready        ZSET  id, score = start tag of start-time fair queueing
--   delayed      ZSET  id, score = due ms
--   inFlight     ZSET  id, score = end of lease ms
--   bodies       HASH  id -> body
--   items        HASH  id -> receives|attempts|epoch|generation|cost|sent ms|tenant; epoch 0: not leased
--   tags         HASH  tenant -> finish tag
--   counters     HASH  V (virtual time), ep (last epoch), settled, kg (generation of the recorded sets), n (own ids),
--                      d:<tenant> (dead letters), dropped (dead letters that are not kept), hw and off (high-water mark of the clock,
--                      and what is added to the server's clock), g (generation, written by the monitor)
--   dead         ZSET  id, score = time of death ms
--   reasons      HASH  id -> reason of death; in a queue with outcomes receives|attempts|generation|tenant|reason, and nothing else is
--                      kept of a dead letter
--   wake         ZSET  a marker on which receivers block (BZPOPMIN)
--   tenants      HASH  tenant -> messages that are ready, delayed or in flight
--   unconfirmed  SET   settled ids whose outcome is not recorded yet
--   recorded     SETs  three: ids recorded in the last 10 to 15 minutes, by 5-minute generation
--   heavy        ZSET  as delayed, for tenants that were heavy when their messages were delayed
--   again        HASH  id -> due ms: sent again while it was leased; only in a coalescing queue
--
-- "Tenant" is the fairness key throughout. A queue with outcomes is one whose settlements post to a second queue (P below).
--
-- The first write of a settlement frees memory, so that it succeeds on a full server. As an argument of a command a number keeps 17 digits,
-- but costs ten times as much as a text: use `digits`. No call unpacks more than 4,000 values: more overflow Lua's stack. Most of the time
-- goes into making strings and tables, so a message is parsed at most once, and not at all where that can be avoided.
-- A tenant with more than heavySize messages in a shard is heavy; each lease promotes up to heavyPart of the heavy tenants' due messages
-- (decision 0010).
local heavySize, heavyPart = 1000, 250

-- In a queue with outcomes: dead letters kept per tenant and shard, and for how long (ms).
local deadMost, deadLifetime = 1000, 604800000

-- `queueKeys` comes from RedisQueueKey, which is the one list of the keys, and `coalescing` from the queue's kind (protocols.md, 16a).
local function queue(offset)
    if not KEYS[offset + 1] then return nil end
    local keys = {}
    for j, name in ipairs(queueKeys) do keys[name] = KEYS[offset + j] end
    keys.recorded = { [0] = keys.recorded0, keys.recorded1, keys.recorded2 }
    return keys
end
-- Q is the queue of the operation, P the second one: where a settlement posts to, or whose ids a confirmation marks.
local Q, P = queue(0), queue(#queueKeys)

local function clock(a) return clockOf(Q.counters, a) end

-- A number as an argument of a command.
local function digits(x) return x % 1 == 0 and fmt('%d', x) or x end

-- An item's parts; `rest` is what does not change between its send and its end.
local function parse(item)
    local receives, attempts, epoch, rest, generation, cost, tenant = match(item, '^(%d+)|(%d+)|(%d+)(|(%d+)|([^|]+)|%d+|(.*))$')
    return { receives = tonumber(receives), attempts = tonumber(attempts), epoch = epoch, rest = rest, generation = generation,
        cost = cost, tenant = tenant }
end
local function item(v, receives, attempts, epoch) return receives .. '|' .. attempts .. '|' .. epoch .. v.rest end

-- Calls a variadic command on a list in parts; each `per` values belong together.
local function each(list, per, f)
    local n = 4000 - 4000 % per
    for a = 1, #list, n do f(unpack(list, a, math.min(a + n - 1, #list))) end
end
local function read(command, key, ids)
    if #ids == 0 then return {} end
    if #ids <= 4000 then return call(command, key, unpack(ids)) end
    local out = {}
    each(ids, 1, function(...)
        local part = call(command, key, ...)
        for j = 1, #part do out[#out + 1] = part[j] end
    end)
    return out
end
local function wake(q) call('ZADD', q.wake, 0, '0') end

-- Milliseconds until the queue next changes by itself; -1: never.
local function untilDue(q, t)
    local next = -1
    for _, z in ipairs { q.delayed, q.heavy, q.inFlight } do
        local head = call('ZRANGE', z, 0, 0, 'WITHSCORES')
        if head[2] and (next < 0 or tonumber(head[2]) - t < next) then next = math.max(0, tonumber(head[2]) - t) end
    end
    return next
end

-- Adds ids to the ready set, each behind what its tenant already has there. `vs`: their parsed items.
local function ready(q, ids, vs)
    if #ids == 0 then return end
    local virtual = tonumber(call('HGET', q.counters, 'V') or '0')
    local tags, tenants = {}, {}
    for j = 1, #ids do
        local x = vs[j].tenant
        if not tags[x] then tags[x] = true; tenants[#tenants + 1] = x end
    end
    local finished = read('HMGET', q.tags, tenants)
    for j, x in ipairs(tenants) do tags[x] = math.max(virtual, tonumber(finished[j] or '0')) end
    local starts, ends = {}, {}
    for j = 1, #ids do
        local v = vs[j]
        local tag = tags[v.tenant]
        starts[2 * j - 1], starts[2 * j] = digits(tag), ids[j]
        tags[v.tenant] = tag + v.cost
    end
    each(starts, 2, function(...) call('ZADD', q.ready, ...) end)
    for j, x in ipairs(tenants) do ends[2 * j - 1], ends[2 * j] = x, digits(tags[x]) end
    each(ends, 2, function(...) call('HSET', q.tags, ...) end)
    wake(q)
end

-- Adds to each tenant's number of messages: `by` maps tenants to differences; a number that reaches zero is removed. At most three calls,
-- however many tenants there are. Returns the new numbers.
local function count(q, by)
    local order, left, gone, numbers = {}, {}, {}, {}
    for x in pairs(by) do order[#order + 1] = x end
    local was = read('HMGET', q.tenants, order)
    for j, x in ipairs(order) do
        local now = (was[j] or 0) + by[x]
        numbers[x] = now
        if now > 0 then left[#left + 1] = x; left[#left + 1] = digits(now) elseif was[j] then gone[#gone + 1] = x end
    end
    each(left, 2, function(...) call('HSET', q.tenants, ...) end)
    each(gone, 1, function(...) call('HDEL', q.tenants, ...) end)
    return numbers
end
-- How often each tenant occurs in a list, times `sign`.
local function tally(tenants, sign)
    local by = {}
    for j = 1, #tenants do by[tenants[j]] = (by[tenants[j]] or 0) + sign end
    return by
end

-- Delays ids until their due times (ms). Those of heavy tenants are kept apart and promoted in small parts between leases, so that nobody else
-- waits for all of it. `counts`: messages by tenant, where known. Wakes a receiver if the queue now changes earlier than it would have.
local function delay(q, t, ids, tenants, dues, counts)
    if #ids == 0 then return end
    counts = counts or count(q, tally(tenants, 0))
    local few, many, soonest = {}, {}, dues[1]
    for j = 1, #ids do
        local z = counts[tenants[j]] > heavySize and many or few
        local n = #z
        z[n + 1], z[n + 2] = digits(dues[j]), ids[j]
        if dues[j] < soonest then soonest = dues[j] end
    end
    local before = untilDue(q, t)
    each(few, 2, function(...) call('ZADD', q.delayed, ...) end)
    each(many, 2, function(...) call('ZADD', q.heavy, ...) end)
    if before < 0 or soonest - t < before then wake(q) end
end

-- The set of ids recorded in the current 5-minute generation; empties sets that are three generations old.
local function recent(q, t)
    local g = floor(t / 300000)
    local last = tonumber(call('HGET', q.counters, 'kg') or '0')
    if g > last then
        for j = math.max(last + 1, g - 2), g do call('UNLINK', q.recorded[j % 3]) end
        call('HSET', q.counters, 'kg', fmt('%d', g))
    end
    return q.recorded[g % 3]
end

-- Adds a message created by the queue itself: an outcome.
local function post(q, t, body)
    local id = fmt('o%d', call('HINCRBY', q.counters, 'n', 1))
    local v = { cost = 1, tenant = '', rest = fmt('|0|1|%d|', t) }
    call('HSET', q.bodies, id, body)
    call('HSET', q.items, id, item(v, 0, 0, '0'))
    ready(q, { id }, { v })
    count(q, { [''] = 1 })
end

-- Adds to the number of dead letters of each tenant in a list, times `sign`.
local function countDead(q, tenants, sign)
    for x, n in pairs(tally(tenants, sign)) do
        if call('HINCRBY', q.counters, 'd:' .. x, fmt('%d', n)) <= 0 then call('HDEL', q.counters, 'd:' .. x) end
    end
end

-- Parses what a queue with outcomes keeps of a dead letter.
local function parseDead(line)
    local receives, attempts, generation, tenant, reason = match(line, '^(%d+)|(%d+)|(%d+)|([^|]*)|(.*)$')
    if not receives then return nil end
    return { receives = tonumber(receives), attempts = tonumber(attempts), generation = generation, tenant = tenant, reason = reason }
end

-- Makes dead letters of ids that are in no set any more. `notice`: also posts their outcomes, for messages that died without their holder.
-- A queue with outcomes keeps a short record of at most `deadMost` letters a tenant; the ids stay known until the outcome is recorded, and
-- for the usual time after that (protocols.md, 4, 9a, 12a). The first write frees memory.
local function bury(q, t, ids, vs, reasons, notice)
    if #ids == 0 then return end
    local deaths, records, buried, tenants, lines, kept, numbers, over = {}, {}, {}, {}, {}, {}, {}, 0
    for j = 1, #ids do
        local x = vs[j].tenant
        tenants[j] = x
        lines[j] = '1\tdead\t' .. ids[j] .. '\t' .. vs[j].generation .. '\t' .. reasons[j] .. '\n'
        numbers[x] = numbers[x] or tonumber(call('HGET', q.counters, 'd:' .. x) or '0')
        if P and numbers[x] >= deadMost then
            over = over + 1
        else
            numbers[x] = numbers[x] + 1
            kept[#kept + 1] = x
            deaths[#deaths + 1] = t; deaths[#deaths + 1] = ids[j]
            records[#records + 1] = ids[j]
            if P then
                records[#records + 1] = fmt('%d|%d|%s|%s|%s', vs[j].receives, vs[j].attempts, vs[j].generation, x, string.sub(reasons[j], 1, 200))
            else
                records[#records + 1] = reasons[j]
                buried[#buried + 1] = ids[j]; buried[#buried + 1] = item(vs[j], vs[j].receives, vs[j].attempts, '0')
            end
        end
    end
    if P then
        each(ids, 1, function(...) call('HDEL', q.bodies, ...); call('HDEL', q.items, ...) end)
        each(ids, 1, function(...) call('SADD', q.unconfirmed, ...) end)
    end
    each(deaths, 2, function(...) call('ZADD', q.dead, ...) end)
    each(records, 2, function(...) call('HSET', q.reasons, ...) end)
    each(buried, 2, function(...) call('HSET', q.items, ...) end)
    countDead(q, kept, 1)
    if over > 0 then call('HINCRBY', q.counters, 'dropped', over) end
    count(q, tally(tenants, -1))
    if notice and P then post(P, t, table.concat(lines)) end
end

-- Moves due messages out of the delayed set and messages with expired leases out of the in-flight set, at most 3,000; if that leaves none,
-- also some of the heavy tenants'. They become ready. But if nothing is ready and all of them fit into `room`, they are left to the caller, who
-- leases them at once: nobody waits for a turn then, and old finish tags are dropped.
-- Returns how many were moved (heavy tenants' not counted), whether others' are still due, and the ids and items (as stored) left to the
-- caller.
local function promote(q, t, maxReceives, room)
    local due = call('ZRANGE', q.delayed, '-inf', t, 'BYSCORE', 'LIMIT', 0, 3000)
    local late = call('ZRANGE', q.inFlight, '-inf', t, 'BYSCORE', 'LIMIT', 0, 3000 - #due)
    local more = #due + #late == 3000
    local heavy = more and {} or call('ZRANGE', q.heavy, '-inf', t, 'BYSCORE', 'LIMIT', 0, heavyPart)
    if #due + #late + #heavy == 0 then return 0, false end
    local dueItems, lateItems, heavyItems = read('HMGET', q.items, due), read('HMGET', q.items, late), read('HMGET', q.items, heavy)
    local n, ids, items, vs, dead, deadVs, reasons, freed = 0, {}, {}, {}, {}, {}, {}, {}
    local again = coalescing and read('HMGET', q.again, late) or {}
    local function free(id, item)
        if item and find(item, '^%d+|%d+|0|') then n = n + 1; ids[n], items[n] = id, item end
    end
    for j = 1, #due do free(due[j], dueItems[j]) end
    -- A version older than this set does not find a message here and makes it ready: it may be leased or dead by now.
    local gone = read('ZMSCORE', q.dead, heavy)
    for j = 1, #heavy do if not gone[j] then free(heavy[j], heavyItems[j]) end end
    for j = 1, #late do
        if lateItems[j] then
            local id, v = late[j], parse(lateItems[j])
            if again[j] then v.receives = 0 end
            if v.receives >= maxReceives then
                dead[#dead + 1] = id; deadVs[#dead] = v
                reasons[#dead] = fmt('received %d times without an outcome', v.receives)
            else
                n = n + 1; ids[n], vs[n], items[n] = id, v, item(v, v.receives, v.attempts, '0')
                freed[#freed + 1] = id; freed[#freed + 1] = items[n]
            end
        end
    end
    each(due, 1, function(...) call('ZREM', q.delayed, ...) end)
    each(heavy, 1, function(...) call('ZREM', q.heavy, ...) end)
    each(late, 1, function(...) call('ZREM', q.inFlight, ...) end)
    each(freed, 2, function(...) call('HSET', q.items, ...) end)
    bury(q, t, dead, deadVs, reasons, true)
    if room and not more and n > 0 and n <= room and #heavy == 0 and call('EXISTS', q.ready) == 0 then
        call('DEL', q.tags)
        return #due + #late, false, ids, items
    end
    for j = 1, n do vs[j] = vs[j] or parse(items[j]) end
    ready(q, ids, vs)
    return #due + #late, more
end

-- Which handles' leases still hold. A handle is id|epoch. Returns for each its id, stored item, whether it holds, and tenant.
local function held(q, handles)
    local ids, epochs = {}, {}
    for j = 1, #handles do
        local id, epoch = match(handles[j], '^(.*)|(%d+)$')
        ids[j], epochs[j] = id or '', epoch
    end
    local items, tenants, ok, seen = read('HMGET', q.items, ids), {}, {}, {}
    for j = 1, #ids do
        local epoch
        if items[j] then epoch, tenants[j] = match(items[j], '^%d+|%d+|(%d+)|%d+|[^|]+|%d+|(.*)$') end
        ok[j] = epoch ~= nil and epochs[j] == epoch and not seen[handles[j]]
        seen[handles[j]] = true
    end
    return ids, items, ok, tenants
end
