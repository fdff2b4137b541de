-- Returns how many messages are visible, in flight and delayed (row 17). The rest of a FIFO group that is held counts as visible.
pass(Q, t, retention)
local late, due = call('ZCOUNT', Q.inFlight, '-inf', fmt('%d', t)), call('ZCOUNT', Q.delayed, '-inf', fmt('%d', t))
local flying, delayed = call('ZCARD', Q.inFlight) - late, call('ZCARD', Q.delayed) - due
local visible = call('ZCARD', Q.visible)
notify()
return { fifo and visible - flying - delayed or visible + late + due, flying, delayed }
