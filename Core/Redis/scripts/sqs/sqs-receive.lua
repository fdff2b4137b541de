-- Gives out messages. ARGV: how many at most, visibility ms, limit of messages in flight, 1 where a long poll goes on to wait if there are
-- none, 1 where more than the limit is an error, receive attempt id ('' none), its window ms, receives after which a message is moved to the
-- second queue (0: never), name of this queue.
-- Returns ms until the queue next changes (-1: never; -2: over the limit), then for each message: number, receives, ms of the first receive,
-- ms of the send, name of the queue that it came from, group, message as encoded. Cost: about 8 commands a message; no list is read as a
-- whole.
local most, visibility, limit = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local waits, isError, attempt, window = ARGV[8] == '1', ARGV[9] == '1', ARGV[10], tonumber(ARGV[11])
local maxReceives, name = tonumber(ARGV[12]), ARGV[13]
if maxReceives > 0 and not (D and D.queue ~= Q.queue and call('EXISTS', D.queue) == 1) then maxReceives = 0 end
pass(Q, t, retention)

local out, given, moved, touchedDead = { -1 }, {}, 0, {}
local function answer(m, s, sent)
    local n = sub(m, 1, 8)
    for _, value in ipairs {
        struct.unpack('>I8', n), s.count, s.first, sent, call('HGET', Q.origins, n) or '', groupOf(m),
        call('HGET', Q.bodies, n),
    } do out[#out + 1] = value end
end

-- The same messages once more, for whoever has lost the answer (row 27).
local function again()
    local text = call('HGET', Q.attempts, attempt)
    if not text or tonumber(call('ZSCORE', Q.attemptEnds, attempt)) <= t then return false end
    local list = cmsgpack.unpack(text)
    local states = {}
    for j, entry in ipairs(list) do
        states[j] = state(Q, entry[1])
        if not states[j] or states[j].count ~= entry[2] or call('ZSCORE', Q.inFlight, entry[1]) ~= entry[3] then return false end
    end
    for j, entry in ipairs(list) do
        call('ZADD', Q.inFlight, fmt('%d', t + visibility), entry[1])
        entry[3] = fmt('%d', t + visibility)
        answer(entry[1], states[j], tonumber(call('ZSCORE', Q.ages, entry[1])))
    end
    call('HSET', Q.attempts, attempt, cmsgpack.pack(list))
    return true
end
if attempt ~= '' then
    if again() then
        notify()
        return out
    end
end

local flying = call('ZCARD', Q.inFlight)
if flying >= limit then
    if isError then
        notify()
        return { -2 }
    end
    most = 0
end
most = math.min(most, limit - flying)

-- Gives a message out, or moves it to the dead-letter queue: on the receive that would be one too many (row 29). It keeps its id, body and
-- receive count, and in a standard queue its age.
local function take(m)
    local s = state(Q, m) or { count = 0, first = t, rank = sub(m, 1, 8) }
    local sent = tonumber(call('ZSCORE', Q.ages, m))
    if sent <= t - retention then
        -- More were too old than were removed above.
        forget(Q, m, {})
        moved = moved + 1
        return
    end
    if maxReceives > 0 and s.count >= maxReceives then
        if fifo then sent = t end
        local blob = call('HGET', Q.bodies, sub(m, 1, 8))
        forget(Q, m, {})
        local number, dead = add(D, t, groupOf(m), blob, sent, nil, touchedDead)
        s.rank = bytes(number)
        setState(D, dead, s)
        call('HSET', D.origins, s.rank, name)
        moved = moved + 1
        return
    end
    s.count, s.last = s.count + 1, t
    setState(Q, m, s)
    call('ZADD', Q.inFlight, fmt('%d', t + visibility), m)
    if not fifo then busy(Q, groupOf(m), 1) end
    given[#given + 1] = { m, s.count, fmt('%d', t + visibility) }
    answer(m, s, sent)
end

-- The longest visible run from the head of each group, oldest head first (row 22).
local function takeRuns()
    while #given < most and moved < 200 do
        local g = call('ZRANGE', Q.groups, 0, 0)[1]
        if not g then return end
        -- What was given stays in its place; what was moved has left it, so the run goes on behind what was given.
        local passed, isEnd = 0, false
        repeat
            local before = moved
            local entries = ofGroup(Q, g, passed + most - #given)
            for j = passed + 1, #entries do
                local m = sub(entries[j], -8) .. g
                if call('ZSCORE', Q.inFlight, m) or call('ZSCORE', Q.delayed, m) then isEnd = true; break end
                local was = #given
                take(m)
                passed = passed + #given - was
            end
        until isEnd or moved == before or moved >= 200 or #given >= most
        refresh(Q, g)
    end
end

-- One message at a time of the group with the lowest tag. A group with at least 30 messages, and more than a tenth of all, in flight comes
-- after those that have less (row 28); there are nine of these at most.
local function takeFairly()
    local busyBefore = {}
    while #given < most and moved < 200 do
        local heads = call('ZRANGE', Q.groups, 0, most + 8, 'WITHSCORES')
        if #heads == 0 then return end
        local tags, lists, order = {}, {}, { {}, {} }
        for j = 1, #heads, 2 do
            local g = heads[j]
            tags[g] = tonumber(heads[j + 1])
            busyBefore[g] = busyBefore[g] or tonumber(call('HGET', Q.busy, g) or '0')
            local n = #heads > 2 and busyBefore[g] or 0
            local class = order[(n >= 30 and n * 10 > flying) and 2 or 1]
            class[#class + 1] = g
        end
        local chosen, n, virtual, picked = {}, 0, tonumber(call('HGET', Q.queue, 'vt') or '0'), {}
        for _, class in ipairs(order) do
            while n < most - #given and #class > 0 do
                local best = 1
                for j = 2, #class do local a, b = class[j], class[best]; if tags[a] < tags[b] or (tags[a] == tags[b] and a < b) then best = j end end
                local g = class[best]
                lists[g] = lists[g] or ofGroup(Q, g, most - #given)
                picked[g] = (picked[g] or 0) + 1
                local entry = lists[g][picked[g]]
                if entry then
                    n = n + 1
                    chosen[n] = entry
                    virtual = math.max(virtual, tags[g])
                    tags[g] = tags[g] + 1
                end
                if not entry or picked[g] == #lists[g] then table.remove(class, best) end
            end
        end
        if n == 0 then return end
        call('HSET', Q.queue, 'vt', fmt('%d', virtual))
        for _, entry in ipairs(chosen) do call('ZREM', Q.visible, entry) end
        for g in pairs(picked) do
            if ofGroup(Q, g, 1)[1] then call('ZADD', Q.groups, fmt('%d', tags[g]), g) else call('ZREM', Q.groups, g) end
        end
        for _, entry in ipairs(chosen) do take(sub(entry, -8) .. sub(entry, 1, -18)) end
    end
end

if fifo then takeRuns() else takeFairly() end
if attempt ~= '' and #given > 0 then
    call('HSET', Q.attempts, attempt, cmsgpack.pack(given))
    call('ZADD', Q.attemptEnds, fmt('%d', t + window), attempt)
end
if D and moved > 0 then
    refreshAll(D, fifo and touchedDead or {})
    -- Nobody may ever read it: what is too old there goes as others come.
    local kept = cjson.decode(call('HGET', D.queue, 'record') or '{}').attributes
    pass(D, t, tonumber(kept and kept.MessageRetentionPeriod or '345600') * 1000)
end
-- More could be moved, or become visible, at once.
out[1] = moved >= 200 and 0 or untilDue(Q, t)
if waits and #given == 0 then call('HSET', Q.queue, 'waiting', '1') end
if #given > 0 and call('EXISTS', Q.groups) == 0 then shown[Q] = nil end
if waits and #given == 0 then shown[Q] = nil end
notify()
return out
