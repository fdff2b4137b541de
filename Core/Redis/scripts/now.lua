-- ARGV: clock. Returns the time by which this shard's delays and leases run, in ms.
return clock(ARGV[1])
