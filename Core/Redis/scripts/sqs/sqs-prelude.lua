-- Shared by every operation on an SQS queue; follows common.lua and precedes the operation's text. Semantics: SQS Developer Guide, and
-- docs/lambda-and-sqs.md, whose rows are named here.
--
-- KEYS, by SQSKey; an operation that may also change a second queue (the dead-letter queue, or the one to which messages are moved) passes
-- the second queue's keys after the first one's:
--   queue        HASH  token (incarnation.revision), record (JSON), seq (last number), vt (virtual time of the groups), waiting (a long poll
--                      found nothing), purged (ms), hw and off (of the clock)
--   groups       ZSET  group that has messages to give; score: standard: start tag of fair queueing; FIFO: number of its first message
--   visible      ZSET  group NUL rank number, score 0; standard: what can be received; FIFO: all messages in their order
--   inFlight     ZSET  m, score = ms at which it becomes visible again
--   delayed      ZSET  m, score = due ms
--   ages         ZSET  m, score = ms of the send, from which retention counts
--   bodies       HASH  number -> message as the sender gave it
--   receives     HASH  number -> receives, ms of the last and of the first one, rank; absent before the first
--   origins      HASH  number -> name of the queue that it came from as a dead letter
--   busy         HASH  group -> messages in flight; standard queues only
--   dedup        HASH  deduplication id, preceded by group and NUL where it is known in its group only -> message id and number
--   dedupEnds    ZSET  the same, score = ms at which it is forgotten
--   attempts     HASH  receive attempt id -> the messages that the receive returned
--   attemptEnds  ZSET  the same, score = ms at which it is forgotten
--
-- Numbers are 8 bytes, big-endian, and m is a message's number followed by its group. A message's rank starts as its number. When the
-- visibility timeout of a message of a standard queue ends, it gets a new rank from `seq`, which puts it behind the messages that wait.
--
-- ARGV: clock (0: the server's), token, f or s (FIFO or standard), retention ms, then the operation's own.
local sub = string.sub

local function queue(offset)
    if not KEYS[offset + 1] then return nil end
    local keys = {}
    for j, name in ipairs(queueKeys) do keys[name] = KEYS[offset + j] end
    return keys
end
local Q, D = queue(0), queue(#queueKeys)
local token, fifo, retention = ARGV[2], ARGV[3] == 'f', tonumber(ARGV[4])

local function bytes(n) return struct.pack('>I8', n) end
local function groupOf(m) return sub(m, 9) end
local function state(q, m)
    local text = call('HGET', q.receives, sub(m, 1, 8))
    if not text then return nil end
    local count, last, first, rank = struct.unpack('>I4I8I8c8', text)
    return { count = count, last = last, first = first, rank = rank }
end
local function setState(q, m, s) call('HSET', q.receives, sub(m, 1, 8), struct.pack('>I4I8I8c8', s.count, s.last, s.first, s.rank)) end
local function rankOf(q, m)
    if fifo then return sub(m, 1, 8) end
    local s = state(q, m)
    return s and s.rank or sub(m, 1, 8)
end
local function place(m, rank) return groupOf(m) .. '\0' .. rank .. sub(m, 1, 8) end
local function ofGroup(q, g, n) return call('ZRANGEBYLEX', q.visible, '[' .. g .. '\0', '(' .. g .. '\1', 'LIMIT', 0, n) end

-- Wakes the long polls of the queues in `shown`, in which messages have become receivable. To be called at the end of an operation; it
-- publishes only where a poll has found nothing since the last wake-up. A Redis user may lack the permission to publish: polls then learn
-- of messages later, and the operation goes on.
local shown = {}
local function notify()
    for q in pairs(shown) do
        if call('HDEL', q.queue, 'waiting') == 1 then redis.pcall('PUBLISH', wakeChannel, q.queue) end
    end
end

-- Makes a message of a standard queue visible. A group that had none begins at the virtual time.
local function show(q, m, rank)
    local g = groupOf(m)
    call('ZADD', q.visible, 0, place(m, rank))
    call('ZADD', q.groups, 'NX', call('HGET', q.queue, 'vt') or '0', g)
    shown[q] = true
end
local function showAgain(q, m, s)
    if s then
        s.rank = bytes(call('HINCRBY', q.queue, 'seq', 1))
        setState(q, m, s)
    end
    show(q, m, s and s.rank or sub(m, 1, 8))
end
local function busy(q, g, by)
    if call('HINCRBY', q.busy, g, by) <= 0 then call('HDEL', q.busy, g) end
end

-- FIFO: a group can give if its first message is neither in flight nor delayed (row 22).
local function refresh(q, g)
    local head = ofGroup(q, g, 1)[1]
    local m = head and sub(head, -8) .. g
    if m and not call('ZSCORE', q.inFlight, m) and not call('ZSCORE', q.delayed, m) then
        call('ZADD', q.groups, fmt('%d', struct.unpack('>I8', sub(head, -8))), g)
        shown[q] = true
    else
        call('ZREM', q.groups, g)
    end
end
local function refreshAll(q, groups) for g in pairs(groups) do refresh(q, g) end end

-- Adds a message under a new number, which it returns. `due`: ms until which it is delayed; nil: it is visible. `touched`: FIFO groups to
-- refresh afterwards.
local function add(q, t, g, blob, sent, due, touched)
    local number = call('HINCRBY', q.queue, 'seq', 1)
    local n = bytes(number)
    local m = n .. g
    call('HSET', q.bodies, n, blob)
    call('ZADD', q.ages, fmt('%d', sent), m)
    if due then call('ZADD', q.delayed, fmt('%d', due), m) end
    if fifo then
        call('ZADD', q.visible, 0, place(m, n))
        touched[g] = true
    elseif not due then
        show(q, m, n)
    end
    return number, m
end

-- Removes a message, wherever it is.
local function forget(q, m, touched)
    local n, g = sub(m, 1, 8), groupOf(m)
    call('ZREM', q.visible, place(m, rankOf(q, m)))
    local wasBusy = call('ZREM', q.inFlight, m)
    call('ZREM', q.delayed, m)
    call('ZREM', q.ages, m)
    call('HDEL', q.bodies, n)
    call('HDEL', q.receives, n)
    call('HDEL', q.origins, n)
    if fifo then
        touched[g] = true
    else
        if wasBusy == 1 then busy(q, g, -1) end
        if not ofGroup(q, g, 1)[1] then call('ZREM', q.groups, g) end
    end
    -- A poll may wait because too many are in flight.
    if wasBusy == 1 and call('EXISTS', q.groups) == 1 then shown[q] = true end
end

-- Forgets up to 100 entries whose time is over.
local function sweep(ends, entries, t)
    local over = call('ZRANGE', ends, '-inf', fmt('%d', t), 'BYSCORE', 'LIMIT', 0, 100)
    if #over > 0 then
        call('ZREM', ends, unpack(over))
        call('HDEL', entries, unpack(over))
    end
end

-- Applies what is due at `t`: removes messages past their retention (row 32), and makes delayed messages that are due and messages whose
-- visibility timeout has ended visible, up to 1,000 of each. FIFO: also forgets deduplication and receive attempt ids.
local function pass(q, t, retention)
    local touched = {}
    if fifo then
        sweep(q.dedupEnds, q.dedup, t)
        sweep(q.attemptEnds, q.attempts, t)
    end
    for _, m in ipairs(call('ZRANGE', q.ages, '-inf', fmt('%d', t - retention), 'BYSCORE', 'LIMIT', 0, 1000)) do forget(q, m, touched) end
    for _, m in ipairs(call('ZRANGE', q.inFlight, '-inf', fmt('%d', t), 'BYSCORE', 'LIMIT', 0, 1000)) do
        call('ZREM', q.inFlight, m)
        if fifo then touched[groupOf(m)] = true else busy(q, groupOf(m), -1); showAgain(q, m, state(q, m)) end
    end
    for _, m in ipairs(call('ZRANGE', q.delayed, '-inf', fmt('%d', t), 'BYSCORE', 'LIMIT', 0, 1000)) do
        call('ZREM', q.delayed, m)
        if fifo then touched[groupOf(m)] = true else show(q, m, sub(m, 1, 8)) end
    end
    refreshAll(q, touched)
end

-- Milliseconds until the next delayed message is due or the next visibility timeout ends; -1: there is neither.
local function untilDue(q, t)
    local next = -1
    for _, z in ipairs { q.delayed, q.inFlight } do
        local head = call('ZRANGE', z, 0, 0, 'WITHSCORES')
        if head[2] and (next < 0 or tonumber(head[2]) - t < next) then next = math.max(0, tonumber(head[2]) - t) end
    end
    return next
end

-- -9: the record has changed, or there is no such queue.
if call('HGET', Q.queue, 'token') ~= token then return { -9 } end
local t = clockOf(Q.queue, ARGV[1])
