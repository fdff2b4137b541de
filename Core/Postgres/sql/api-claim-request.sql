-- Begins a request with an idempotency key: $1 tenant, $2 key, $3 hash of the request, $4 now. Returns the time of its first attempt if the
-- caller is to carry it out: the key is new or older than a day, or the same request was begun more than a minute ago and has no answer, or
-- this very claim was made before ($4 is the same): its connection broke after the commit.
-- Locks: the row. Index: primary key.
insert into headgate.idempotency as i (tenant, key, request, status, body, at, claimed_at) values ($1, $2, $3, 0, '', $4, $4)
on conflict (tenant, key) do update
set request = $3, status = 0, body = '', claimed_at = $4,
    at = case when i.at < $4::timestamptz - interval '24 hours' then $4 else i.at end
where i.at < $4::timestamptz - interval '24 hours'
    or i.status = 0 and i.request = $3
        and (i.claimed_at < $4::timestamptz - interval '1 minute' or i.claimed_at = $4)
returning at
