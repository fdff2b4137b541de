-- The time by which this shard's delays and leases run, in ms. ARGV: clock.
return clock(ARGV[1])
