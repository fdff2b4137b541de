-- Shared by every operation of a queue shard. The operation's text follows this one in the same script.
--
-- KEYS, 16 per queue; an operation on two queues passes the second one's after the first one's:
--   r ready         ZSET  id, score = start tag of start-time fair queueing
--   d delayed       ZSET  id, score = due ms
--   f in flight     ZSET  id, score = end of lease ms
--   b bodies        HASH  id -> body
--   i items         HASH  id -> receives|attempts|epoch|generation|cost|sent ms|tenant; epoch 0: not leased
--   t finish tags   HASH  tenant -> tag
--   m counters      HASH  V (virtual time), ep (last epoch), settled, kg (generation of the recent sets), n (own ids),
--                         d:<tenant> (dead letters), dropped (dead letters that are not kept), hw and off (high-water mark of the
--                         clock, and what is added to the server's clock), g (generation, written by the monitor)
--   x dead          ZSET  id, score = time of death ms
--   y reasons       HASH  id -> reason of death; in a queue with outcomes receives|attempts|generation|tenant|reason, and nothing else
--                         is kept of a dead letter
--   w wake marker   ZSET  receivers block on BZPOPMIN
--   c tenants       HASH  tenant -> messages that are ready, delayed or in flight
--   p unconfirmed   SET   settled ids whose outcome is not recorded yet
--   k0 k1 k2        SETs  ids recorded in the last 10 to 15 minutes, by 5-minute generation
--   e delayed crowd ZSET  as d, for tenants that had many messages here when they were delayed (a crowd)
--
-- "Tenant" is the fairness key throughout. A queue with outcomes is one whose settlements post to a second queue (P below).
--
-- Lua does not roll back: every operation checks its arguments and reads all it needs before its first write. The first write of a
-- settlement frees memory, so that it succeeds on a full server. Large numbers that become part of a text are written with %d: Lua's own
-- conversion turns them into floating point; as an argument of a command a number keeps 17 digits. No call unpacks more than 4,000 values:
-- more overflow Lua's stack. Most of the time goes into making strings and tables, so a message is parsed at most once, and not at all
-- where that can be avoided.
local call, fmt, floor, match = redis.call, string.format, math.floor, string.match

-- A tenant with more than crowdSize messages in a shard is a crowd; each lease promotes up to crowdPart of the crowds' due messages
-- (decision 0010).
local crowdSize, crowdPart = 1000, 250

-- In a queue with outcomes: dead letters kept per tenant and shard, and for how long (ms).
local deadMost, deadLifetime = 1000, 604800000

local function queue(o)
    if not KEYS[o + 1] then return nil end
    return { r = KEYS[o + 1], d = KEYS[o + 2], f = KEYS[o + 3], b = KEYS[o + 4], i = KEYS[o + 5], t = KEYS[o + 6],
        m = KEYS[o + 7], x = KEYS[o + 8], y = KEYS[o + 9], w = KEYS[o + 10], c = KEYS[o + 11], p = KEYS[o + 12],
        k = { [0] = KEYS[o + 13], KEYS[o + 14], KEYS[o + 15] }, e = KEYS[o + 16] }
end
local Q, P = queue(0), queue(16)

-- ms since 1970, by Redis's clock; a positive argument replaces it in tests and virtual time. Never goes back behind its high-water mark,
-- which is a second old at most: if the server's clock steps back, time goes on from the mark at the server's pace (protocols.md, 7a). The
-- mark is written with pcall: a full server may refuse it, and the script has to go on.
local function clock(a)
    a = tonumber(a)
    if a > 0 then return a end
    local now = call('TIME')
    local known = call('HMGET', Q.m, 'hw', 'off')
    local high, t = tonumber(known[1] or '0'), now[1] * 1000 + floor(now[2] / 1000) + tonumber(known[2] or '0')
    if t < high then
        redis.pcall('HSET', Q.m, 'off', fmt('%d', tonumber(known[2] or '0') + high - t))
        return high
    end
    if t >= high + 1000 then redis.pcall('HSET', Q.m, 'hw', fmt('%d', t)) end
    return t
end

-- An item's parts; `rest` is what does not change between its send and its end.
local function parse(item)
    local rc, at, ep, rest, gen, cost, tenant = match(item, '^(%d+)|(%d+)|(%d+)(|(%d+)|([^|]+)|%d+|(.*))$')
    return { rc = tonumber(rc), at = tonumber(at), ep = ep, rest = rest, gen = gen, cost = cost, tenant = tenant }
end
local function item(v, rc, at, ep) return rc .. '|' .. at .. '|' .. ep .. v.rest end
local function rest(gen, cost, sent, tenant) return '|' .. gen .. '|' .. cost .. '|' .. sent .. '|' .. tenant end

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
local function wake(q) call('ZADD', q.w, 0, '0') end

-- Milliseconds until the queue next changes by itself; -1: never.
local function untilDue(q, t)
    local next = -1
    for _, z in ipairs { q.d, q.e, q.f } do
        local head = call('ZRANGE', z, 0, 0, 'WITHSCORES')
        if head[2] and (next < 0 or tonumber(head[2]) - t < next) then next = math.max(0, tonumber(head[2]) - t) end
    end
    return next
end

-- Adds ids to the ready set, each behind what its tenant already has there. `vs`: their parsed items.
local function ready(q, ids, vs)
    if #ids == 0 then return end
    local V = tonumber(call('HGET', q.m, 'V') or '0')
    local tags, tenants = {}, {}
    for j = 1, #ids do
        local x = vs[j].tenant
        if not tags[x] then tags[x] = true; tenants[#tenants + 1] = x end
    end
    local f = read('HMGET', q.t, tenants)
    for j, x in ipairs(tenants) do tags[x] = math.max(V, tonumber(f[j] or '0')) end
    local A, W = {}, {}
    for j = 1, #ids do
        local v = vs[j]
        local tag = tags[v.tenant]
        A[2 * j - 1], A[2 * j] = tag, ids[j]
        tags[v.tenant] = tag + v.cost
    end
    each(A, 2, function(...) call('ZADD', q.r, ...) end)
    for j, x in ipairs(tenants) do W[2 * j - 1], W[2 * j] = x, tags[x] end
    each(W, 2, function(...) call('HSET', q.t, ...) end)
    wake(q)
end

-- Adds to each tenant's number of messages: `by` maps tenants to differences; a number that reaches zero is removed. At most three calls,
-- however many tenants there are. Returns the new numbers.
local function count(q, by)
    local order, C, gone, numbers = {}, {}, {}, {}
    for x in pairs(by) do order[#order + 1] = x end
    local was = read('HMGET', q.c, order)
    for j, x in ipairs(order) do
        local now = (was[j] or 0) + by[x]
        numbers[x] = now
        if now > 0 then C[#C + 1] = x; C[#C + 1] = now elseif was[j] then gone[#gone + 1] = x end
    end
    each(C, 2, function(...) call('HSET', q.c, ...) end)
    each(gone, 1, function(...) call('HDEL', q.c, ...) end)
    return numbers
end
-- How often each tenant occurs in a list, times `sign`.
local function tally(tenants, sign)
    local by = {}
    for j = 1, #tenants do by[tenants[j]] = (by[tenants[j]] or 0) + sign end
    return by
end

-- Delays ids until their due times (ms). Those of a crowd are kept apart and promoted in small parts between leases, so that nobody else
-- waits for all of it. `counts`: messages by tenant, where known. Wakes a receiver if the queue now changes earlier than it would have.
local function delay(q, t, ids, tenants, dues, counts)
    if #ids == 0 then return end
    counts = counts or count(q, tally(tenants, 0))
    local D, E, soonest = {}, {}, dues[1]
    for j = 1, #ids do
        local z = counts[tenants[j]] > crowdSize and E or D
        local n = #z
        z[n + 1], z[n + 2] = dues[j], ids[j]
        if dues[j] < soonest then soonest = dues[j] end
    end
    local before = untilDue(q, t)
    each(D, 2, function(...) call('ZADD', q.d, ...) end)
    each(E, 2, function(...) call('ZADD', q.e, ...) end)
    if before < 0 or soonest - t < before then wake(q) end
end

-- The set of ids recorded in the current 5-minute generation; empties sets that are three generations old.
local function recent(q, t)
    local g = floor(t / 300000)
    local last = tonumber(call('HGET', q.m, 'kg') or '0')
    if g > last then
        for j = math.max(last + 1, g - 2), g do call('UNLINK', q.k[j % 3]) end
        call('HSET', q.m, 'kg', fmt('%d', g))
    end
    return q.k[g % 3]
end

-- Adds a message created by the queue itself: an outcome.
local function post(q, t, body)
    local id = fmt('o%d', call('HINCRBY', q.m, 'n', 1))
    local v = { cost = 1, tenant = '', rest = rest('0', '1', fmt('%d', t), '') }
    call('HSET', q.b, id, body)
    call('HSET', q.i, id, item(v, 0, 0, '0'))
    ready(q, { id }, { v })
    count(q, { [''] = 1 })
end

-- Adds to the number of dead letters of each tenant in a list, times `sign`.
local function countDead(q, tenants, sign)
    for x, n in pairs(tally(tenants, sign)) do
        if call('HINCRBY', q.m, 'd:' .. x, fmt('%d', n)) <= 0 then call('HDEL', q.m, 'd:' .. x) end
    end
end

-- Parses what a queue with outcomes keeps of a dead letter.
local function parseDead(line)
    local rc, at, gen, tenant, reason = match(line, '^(%d+)|(%d+)|(%d+)|([^|]*)|(.*)$')
    if rc then return { rc = tonumber(rc), at = tonumber(at), gen = gen, tenant = tenant, reason = reason } end
end

-- Makes dead letters of ids that are in no set any more. `notice`: also posts their outcomes, for messages that died without their holder.
-- A queue with outcomes keeps a short record of at most `deadMost` letters a tenant; the ids stay known until the outcome is recorded, and
-- for the usual time after that (protocols.md, 4, 9a, 12a). The first write frees memory.
local function bury(q, t, ids, vs, reasons, notice)
    if #ids == 0 then return end
    local X, Y, I, tenants, lines, kept, numbers, over = {}, {}, {}, {}, {}, {}, {}, 0
    for j = 1, #ids do
        local x = vs[j].tenant
        tenants[j] = x
        lines[j] = '1\tdead\t' .. ids[j] .. '\t' .. vs[j].gen .. '\t' .. reasons[j] .. '\n'
        numbers[x] = numbers[x] or tonumber(call('HGET', q.m, 'd:' .. x) or '0')
        if P and numbers[x] >= deadMost then
            over = over + 1
        else
            numbers[x] = numbers[x] + 1
            kept[#kept + 1] = x
            X[#X + 1] = t; X[#X + 1] = ids[j]
            Y[#Y + 1] = ids[j]
            if P then
                Y[#Y + 1] = fmt('%d|%d|%s|%s|%s', vs[j].rc, vs[j].at, vs[j].gen, x, string.sub(reasons[j], 1, 200))
            else
                Y[#Y + 1] = reasons[j]
                I[#I + 1] = ids[j]; I[#I + 1] = item(vs[j], vs[j].rc, vs[j].at, '0')
            end
        end
    end
    if P then
        each(ids, 1, function(...) call('HDEL', q.b, ...); call('HDEL', q.i, ...) end)
        each(ids, 1, function(...) call('SADD', q.p, ...) end)
    end
    each(X, 2, function(...) call('ZADD', q.x, ...) end)
    each(Y, 2, function(...) call('HSET', q.y, ...) end)
    each(I, 2, function(...) call('HSET', q.i, ...) end)
    countDead(q, kept, 1)
    if over > 0 then call('HINCRBY', q.m, 'dropped', over) end
    count(q, tally(tenants, -1))
    if notice and P then post(P, t, table.concat(lines)) end
end

-- Moves due messages out of the delayed set and messages with expired leases out of the in-flight set, at most 3,000; if that leaves none,
-- also part of the crowds. They become ready. But if nothing is ready and all of them fit into `room`, they are left to the caller, who
-- leases them at once: nobody waits for a turn then, and old finish tags are dropped.
-- Returns how many were moved (crowds not counted), whether more than crowds is due, and the ids and items left to the caller.
local function promote(q, t, maxReceives, room)
    local due = call('ZRANGE', q.d, '-inf', t, 'BYSCORE', 'LIMIT', 0, 3000)
    local late = call('ZRANGE', q.f, '-inf', t, 'BYSCORE', 'LIMIT', 0, 3000 - #due)
    local more = #due + #late == 3000
    local crowd = more and {} or call('ZRANGE', q.e, '-inf', t, 'BYSCORE', 'LIMIT', 0, crowdPart)
    if #due + #late + #crowd == 0 then return 0, false end
    local dueItems, lateItems, crowdItems = read('HMGET', q.i, due), read('HMGET', q.i, late), read('HMGET', q.i, crowd)
    local n, ids, vs, dead, deadVs, reasons, I = 0, {}, {}, {}, {}, {}, {}
    local function free(id, item)
        local v = item and parse(item)
        if v and v.ep == '0' then n = n + 1; ids[n], vs[n] = id, v end
    end
    for j = 1, #due do free(due[j], dueItems[j]) end
    -- A version older than this set does not find a message here and makes it ready: it may be leased or dead by now.
    local gone = read('ZMSCORE', q.x, crowd)
    for j = 1, #crowd do if not gone[j] then free(crowd[j], crowdItems[j]) end end
    for j = 1, #late do
        if lateItems[j] then
            local id, v = late[j], parse(lateItems[j])
            if v.rc >= maxReceives then
                dead[#dead + 1] = id; deadVs[#dead] = v
                reasons[#dead] = fmt('received %d times without an outcome', v.rc)
            else
                n = n + 1; ids[n], vs[n] = id, v
                I[#I + 1] = id; I[#I + 1] = item(v, v.rc, v.at, '0')
            end
        end
    end
    each(due, 1, function(...) call('ZREM', q.d, ...) end)
    each(crowd, 1, function(...) call('ZREM', q.e, ...) end)
    each(late, 1, function(...) call('ZREM', q.f, ...) end)
    each(I, 2, function(...) call('HSET', q.i, ...) end)
    bury(q, t, dead, deadVs, reasons, true)
    if room and not more and n > 0 and n <= room and #crowd == 0 and call('EXISTS', q.r) == 0 then
        call('DEL', q.t)
        return #due + #late, false, ids, vs
    end
    ready(q, ids, vs)
    return #due + #late, more
end

-- Which handles' leases still hold. A handle is id|epoch. Returns for each its id, stored item, whether it holds, and tenant.
local function held(q, handles)
    local ids, eps = {}, {}
    for j = 1, #handles do
        local id, ep = match(handles[j], '^(.*)|(%d+)$')
        ids[j], eps[j] = id or '', ep
    end
    local items, tenants, ok, seen = read('HMGET', q.i, ids), {}, {}, {}
    for j = 1, #ids do
        local ep
        if items[j] then ep, tenants[j] = match(items[j], '^%d+|%d+|(%d+)|%d+|[^|]+|%d+|(.*)$') end
        ok[j] = ep ~= nil and eps[j] == ep and not seen[handles[j]]
        seen[handles[j]] = true
    end
    return ids, items, ok, tenants
end
