-- Removes every message and forgets every id; epochs and totals stay. Returns how many messages it removed.
local n = call('HLEN', Q.i)
call('UNLINK', Q.r, Q.d, Q.f, Q.b, Q.i, Q.t, Q.x, Q.y, Q.c, Q.p, Q.k[0], Q.k[1], Q.k[2])
return n
