-- Repeated requests are recognised, a resume may say what becomes of what was missed, and a schedule that catches up knows
-- which live occurrences it has planned. Only adds columns: readers of version 1 go on working.

-- When the request was last begun; `at` stays the time of the first try, from which its ids are made.
alter table headgate.idempotency add column claimed_at timestamptz not null default now();
create index idempotency_at on headgate.idempotency (at);

-- 0 skip, 1 last, 2 all: instead of the schedule's own policy, for the next pass only.
alter table headgate.schedule add column resume_missed smallint;
-- While `missed: all` catches up: the live occurrences in this range are planned.
alter table headgate.schedule add column ahead_from timestamptz;
alter table headgate.schedule add column ahead_to timestamptz;

-- One-off triggers whose hidden schedules can be forgotten.
create index schedule_one_off on headgate.schedule (updated_at) where kind = 1;

-- A cancel or a redrive moves the next check of a trigger that is on the list already.
grant update on headgate.overdue to headgate_api;
